import { httpsPath } from '../../commands/dialect/https-paths.js';
import type { Release } from '../../base/oxd-releases.js';
import type { HttpsRequest } from '../https/https-answer.js';
import { HttpsRejection, statusReply } from './dropwizard.js';
import { wireNames } from './request.js';

/** Path that every oxd over HTTPS has. */
export const HEALTH_CHECK = '/health-check';

/**
 * Returns the command of a request by its name on the wire, or {@link HEALTH_CHECK}.
 *
 * @throws {HttpsRejection} with the reply of Dropwizard to a wrong path (404), method (405), media
 *   type of the body (415) or media type of the response (406), in this order
 */
export function routeOf(release: Release, request: HttpsRequest): string {
  // Dropwizard ignores a slash at the end.
  const path = request.path.replace(/(?<=.)\/$/, '');
  const command = wireNames(release).find((name) => httpsPath(release, name) === path);
  const route = path === HEALTH_CHECK ? HEALTH_CHECK : command;
  if (route === undefined) throw new HttpsRejection(statusReply(404));
  const method = route === HEALTH_CHECK ? 'GET' : 'POST';
  if (request.method !== method) throw new HttpsRejection(wrongMethod(method));
  checkMediaTypes(request, route);
  return route;
}

function wrongMethod(method: string) {
  return { ...statusReply(405), headers: { allow: `${method},OPTIONS` } };
}

function checkMediaTypes({ headers }: HttpsRequest, route: string): void {
  const sent = typesIn(headers['content-type']);
  const hasJson = sent.length === 0 || sent.includes('application/json');
  if (route !== HEALTH_CHECK && !hasJson) throw new HttpsRejection(statusReply(415));
  const accepted = typesIn(headers.accept);
  const takesJson = accepted.length === 0 || accepted.some((type) => JSON_RANGES.has(type));
  if (!takesJson) throw new HttpsRejection(statusReply(406));
}

const JSON_RANGES = new Set(['*/*', 'application/*', 'application/json']);

/** Media types of a header, without parameters. */
function typesIn(header = ''): readonly string[] {
  return header
    .split(',')
    .map((type) => (type.split(';')[0] ?? '').trim().toLowerCase())
    .filter((type) => type !== '');
}
