import { statusOf } from '../../embedded/requests/command-error.js';
import type { ProviderResponse } from '../../embedded/requests/provider-http.js';
import type { AuthorizationServer } from './authorization-servers.js';
import type { ServerContext } from './context.js';
import { unexpected, WireRefusal } from './reply.js';
import { isObject } from './values.js';

/** A JSON object of the authorization server. */
export type Members = Readonly<Record<string, unknown>>;

/**
 * The members of a success.
 *
 * @param masked statuses that oxd breaks down at, whatever the release
 * @throws {WireRefusal} what oxd says of a refusal
 */
export function membersOf(
  context: ServerContext,
  answer: ProviderResponse,
  masked: readonly number[] = [],
): Members {
  if (answer.status >= 400) throw refusal(context, answer, masked);
  const members = jsonObject(answer.text);
  if (!members) throw unexpected();
  return members;
}

/** What oxd says of a refusal: status and body since 3.1.4, nothing before. */
export function refusal(
  context: ServerContext,
  { status, text }: ProviderResponse,
  masked: readonly number[] = [],
): WireRefusal {
  if (!context.since('3.1.4') || masked.includes(status)) return unexpected();
  return new WireRefusal(`http_status_${status}`, text);
}

/**
 * The authorization server of a site for the commands of a resource server, which have another word
 * than the others where it has no UMA.
 *
 * @throws {WireRefusal} that word
 */
export async function protectionServer(
  context: ServerContext,
  command: string,
  oxd_id: string,
): Promise<AuthorizationServer> {
  return context.options.servers.of(command, oxd_id).catch((error: unknown) => {
    const status = statusOf(error);
    throw status === undefined ? unexpected() : refusal(context, { status, text: '' });
  });
}

const OF_NEED_INFO = new Set(['error', 'ticket', 'required_claims', 'redirect_user']);

/**
 * What oxd says where the token endpoint gave no RPT. It takes every object with no other members
 * than these for `need_info`, and any other for a failure.
 */
export function tokenRefusal(context: ServerContext, answer: ProviderResponse): WireRefusal {
  const members = jsonObject(answer.text);
  if (!members || !Object.keys(members).every((name) => OF_NEED_INFO.has(name)))
    return refusal(context, answer);
  const { error = null, ticket = null, required_claims = null, redirect_user = null } = members;
  const details = { error, ticket, required_claims, redirect_user };
  return new WireRefusal('need_info', undefined, { details });
}

function jsonObject(text: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
