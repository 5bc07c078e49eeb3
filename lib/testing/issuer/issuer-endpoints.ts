import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { readBody } from '../../sandbox/web/body.js';
import { accessTokenClaims, permissionsOf, TOKEN_LIFETIME } from './access-token-claims.js';
import { issuerMetadata, PATHS } from './issuer-metadata.js';
import { failure, ok, type IssuerReply } from './issuer-reply.js';
import type { IssuedTokens } from './issued-tokens.js';
import { ResourceSets } from './resource-sets.js';
import type { TokenSigner } from './token-signer.js';

interface IssuerRequest {
  readonly method: string;
  readonly authorization: string;
  /** Id of a resource in the path. */
  readonly id: string | undefined;
  readonly body: string;
}

type Endpoint = (request: IssuerRequest) => IssuerReply | Promise<IssuerReply>;

const PAT_SCOPE = 'uma_protection';

/** Endpoints of a `TestIssuer`. Accepts every client and every client secret. */
export class IssuerEndpoints {
  private readonly resources = new ResourceSets();
  private readonly endpoints: Readonly<Record<string, Endpoint>> = {
    '/.well-known/openid-configuration': () => ok(issuerMetadata(this.issuer)),
    '/.well-known/uma2-configuration': () => ok(issuerMetadata(this.issuer)),
    [PATHS.jwks]: () => ok(this.signer.jwks),
    [PATHS.registration]: ({ body }) => register(body),
    [PATHS.token]: ({ body }) => this.token(new URLSearchParams(body)),
    [PATHS.introspection]: ({ body }) => this.introspect(new URLSearchParams(body)),
    [PATHS.permission]: (request) =>
      this.withPat(request, () => this.resources.ticket(request.body)),
    [PATHS.resources]: (request) =>
      this.withPat(request, () => this.resources.manage(request.method, request.id, request.body)),
  };

  constructor(
    private readonly issuer: string,
    private readonly signer: TokenSigner,
    private readonly tokens: IssuedTokens,
  ) {}

  /** Returns the response to a request. */
  async reply(request: IncomingMessage): Promise<IssuerReply> {
    const { pathname } = new URL(request.url ?? '/', this.issuer);
    const id = resourceIdIn(pathname);
    const endpoint = this.endpoints[id === undefined ? pathname : PATHS.resources];
    if (!endpoint) return failure(404, 'not_found', NO_LOGIN);
    return endpoint({
      method: request.method ?? 'GET',
      authorization: request.headers.authorization ?? '',
      id,
      body: (await readBody(request)) ?? '',
    });
  }

  private async token(form: URLSearchParams): Promise<IssuerReply> {
    if (form.get('grant_type') !== 'client_credentials') {
      return failure(400, 'unsupported_grant_type', NO_LOGIN);
    }
    const options = { sub: 'service-account', scope: form.get('scope') ?? PAT_SCOPE };
    const claims = accessTokenClaims(options, { issuer: this.issuer, now: Date.now() });
    const access_token = await this.signer.sign(claims);
    return ok({ access_token, token_type: 'Bearer', expires_in: TOKEN_LIFETIME });
  }

  /** @see RFC 7662 §2.2; UMA Federated Authorization §5.1.1 */
  private async introspect(form: URLSearchParams): Promise<IssuerReply> {
    const claims = await this.tokens.find(form.get('token') ?? '');
    if (!claims) return ok({ active: false });
    const { azp: client_id, sub: username } = claims;
    const permissions = permissionsOf(claims);
    return ok({ ...claims, active: true, client_id, username, token_type: 'Bearer', permissions });
  }

  private async withPat(
    { authorization }: IssuerRequest,
    work: () => IssuerReply,
  ): Promise<IssuerReply> {
    const claims = await this.signer.verify(authorization.replace(/^Bearer /i, ''));
    const scopes = typeof claims?.scope === 'string' ? claims.scope.split(' ') : [];
    return scopes.includes(PAT_SCOPE) ? work() : failure(401, 'invalid_token');
  }
}

const NO_LOGIN =
  'TestIssuer has no login and no RPT grant: its method token() issues tokens. startSandbox() of ' +
  'nestjs-oxd/sandbox starts a server with both.';

function resourceIdIn(pathname: string): string | undefined {
  const prefix = `${PATHS.resources}/`;
  return pathname.startsWith(prefix)
    ? decodeURIComponent(pathname.slice(prefix.length))
    : undefined;
}

/** @see RFC 7591 §3.2.1 */
function register(body: string): IssuerReply {
  const metadata = JSON.parse(body) as object;
  const client = { client_id: randomUUID(), client_secret: randomUUID() };
  return { status: 201, json: { ...metadata, ...client, client_secret_expires_at: 0 } };
}
