import { UMA_GRANT_TYPE } from '../../../base/uma-tokens.js';
import { readBody } from '../../web/body.js';
import type { Context } from '../../provider/oidc-provider.js';
import { invalidRequest, OAuthError, sendResponse, type OAuthResponse } from '../oauth-response.js';
import { umaGrant } from './uma-grant.js';
import { introspect } from './introspection-endpoint.js';
import { UMA_PATHS, umaMetadata } from '../metadata.js';
import { requestPermission } from './permission-endpoint.js';
import { resourceServerOf } from './pat-check.js';
import { callResources, notAllowed } from './resource-endpoint.js';
import { UMA_PARAMS } from './token-request.js';
import type { UmaServer } from '../uma-server.js';

type Endpoint = (context: Context, resourceServer: string) => Promise<OAuthResponse>;

/**
 * Adds the discovery document, the protection API and the grant of UMA to the provider.
 *
 * @param scopes scopes that the provider supports
 */
export function useUma(uma: UmaServer, scopes: readonly string[]): void {
  const { provider, issuer } = uma;
  provider.registerGrantType(
    UMA_GRANT_TYPE,
    (context) => sendResponse(context, () => umaGrant(uma, context)),
    UMA_PARAMS,
  );
  provider.on('registration_delete.success', (_context, { clientId }) => {
    // Failures are ignored: resources of a deleted client are unreachable anyway.
    uma.resources.deleteAll(clientId).catch(() => undefined);
  });
  provider.use(async (context, next) => {
    if (context.path === UMA_PATHS.metadata) {
      return sendResponse(context, async () => discovery(context, umaMetadata(issuer, scopes)));
    }
    const endpoint = endpointAt(context.path, uma);
    if (!endpoint) return next();
    return sendResponse(context, async () =>
      endpoint(context, await resourceServerOf(context, provider)),
    );
  });
}

function discovery({ method }: Context, body: object): OAuthResponse {
  if (method !== 'GET') throw notAllowed('GET');
  return { status: 200, body };
}

function endpointAt(path: string, uma: UmaServer): Endpoint | undefined {
  const [, base, id] = /^(\/uma\/\w+)(?:\/([^/]+))?$/.exec(path) ?? [];
  if (base === UMA_PATHS.resources) {
    return (context, owner) => {
      const body = () => readJson(context);
      return callResources(uma, { owner, id, method: context.method, body });
    };
  }
  if (path === UMA_PATHS.permission) {
    return requirePost(async (context, owner) =>
      requestPermission(uma, owner, await readJson(context)),
    );
  }
  if (path === UMA_PATHS.introspection) {
    return requirePost(async (context, owner) => introspect(uma, owner, await readParams(context)));
  }
  return undefined;
}

function requirePost(endpoint: Endpoint): Endpoint {
  return async (context, owner) => {
    if (context.method !== 'POST') throw notAllowed('POST');
    return endpoint(context, owner);
  };
}

/** @throws {OAuthError} `invalid_request` when the body is not JSON or too large */
async function readJson(context: Context): Promise<unknown> {
  const text = await readText(context, 'application/json');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw invalidRequest('The body is not JSON.');
  }
}

async function readParams(context: Context): Promise<URLSearchParams> {
  return new URLSearchParams(await readText(context, 'application/x-www-form-urlencoded'));
}

async function readText({ req }: Context, type: string): Promise<string> {
  const sent = req.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (sent !== type) throw invalidRequest(`The body must be ${type}.`);
  const text = await readBody(req);
  if (text === undefined) throw new OAuthError(413, 'invalid_request', 'The body is too large.');
  return text;
}
