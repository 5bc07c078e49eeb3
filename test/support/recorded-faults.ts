import { decodeJwt, exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose';
import { isJsonObject, parseJson } from '../../lib/base/json.js';

type Members = Readonly<Record<string, unknown>>;

/** Request to the provider. */
export interface ProviderCall {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** Response of the provider. */
export interface ProviderAnswer {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
}

const BODIES: Readonly<Record<string, Omit<ProviderAnswer, 'status'>>> = {
  json: { body: JSON.stringify({ error: 'x_error', error_description: 'said by the AS' }) },
  html: { body: '<html><body><h1>Bad Gateway</h1></body></html>', contentType: 'text/html' },
  text: { body: 'not json at all' },
  empty: { body: '' },
};

/** Endpoints by method and path, other than the token endpoint. */
const ENDPOINTS: Readonly<Record<string, string>> = {
  'POST /reg': 'reg',
  'PUT /reg': 'regput',
  'GET /me': 'me',
  'POST /uma/introspection': 'rpt',
  'POST /uma/permission': 'perm',
  'POST /uma/resources': 'rsrc',
  'PUT /uma/resources': 'rsrcput',
};

const GRANTS: Readonly<Record<string, string>> = {
  authorization_code: 'code',
  refresh_token: 'refresh',
  client_credentials: 'cc',
  'urn:ietf:params:oauth:grant-type:uma-ticket': 'umatoken',
};

/** Endpoint of a request, by its name in the recordings. */
function endpointOf({ method, path, body }: ProviderCall): string {
  const form = new URLSearchParams(body);
  if (path === '/token') return GRANTS[form.get('grant_type') ?? ''] ?? '';
  if (path === '/token/introspection')
    return form.get('token') === 'probe-1' ? 'intrprobe' : 'intr';
  return ENDPOINTS[`${method} ${path.replace(/(?<=^\/(?:reg|uma\/resources))\/.*$/, '')}`] ?? '';
}

const NEED_INFO = {
  error: 'need_info',
  ticket: '390eba0e-2b47-46d5-802e-f783abfe0f81',
  redirect_user: 'http://127.0.0.1:9100/uma/gather_claims?ticket=390eba0e',
  required_claims: [{ name: 'email', claim_token_format: ['idtoken'] }],
};

/** Response that a fault of the recordings makes the provider return; undefined for the usual one. */
export function replacedBy(fault: string, call: ProviderCall): ProviderAnswer | undefined {
  const endpoint = endpointOf(call);
  const [kind, where, status, body = ''] = fault.split(':');
  if (kind === 'fail' && where === endpoint) return { status: Number(status), ...bodyOf(body) };
  if (endpoint !== 'umatoken') return undefined;
  if (fault === 'need_info') return { status: 403, body: JSON.stringify(NEED_INFO) };
  const invalid = JSON.stringify({ error: 'invalid_ticket' });
  return fault === 'bare_invalid' ? { status: 400, body: invalid } : undefined;
}

function bodyOf(name: string): Omit<ProviderAnswer, 'status'> {
  const body = BODIES[name];
  if (!body) throw new Error(`Unknown body ${name}.`);
  return body;
}

/** Changes the JSON of responses as faults of the recordings do, and signs changed ID tokens again. */
export class ResponseFaults {
  private constructor(
    private readonly key: Awaited<ReturnType<typeof generateKeyPair>>,
    private readonly jwk: JWK,
  ) {}

  static async create(): Promise<ResponseFaults> {
    const key = await generateKeyPair('RS256');
    const jwk = await exportJWK(key.publicKey);
    return new ResponseFaults(key, { ...jwk, kid: 'recorded-fault', alg: 'RS256', use: 'sig' });
  }

  async apply(fault: string, call: ProviderCall, body: string): Promise<string> {
    const properties = parseJson(body);
    if (!isJsonObject(properties)) return body;
    const changed = await this.changed(fault, call, properties);
    return changed === properties ? body : JSON.stringify(changed);
  }

  private async changed(fault: string, call: ProviderCall, said: Members): Promise<Members> {
    const { path } = call;
    if (path === '/jwks') return { keys: [...(said.keys as JWK[]), this.jwk] };
    if (fault.startsWith('tok:') && path === '/token') return without(said, fault.slice(4));
    if (fault === 'intrnoclient' && path === '/token/introspection')
      return without(said, 'client_id');
    const isLogin = typeof said.id_token === 'string' && path === '/token';
    if (!fault.startsWith('claim:') || !isLogin) return said;
    const claims = JSON.parse(fault.slice('claim:'.length)) as Members;
    return { ...said, id_token: await this.sign(String(said.id_token), claims) };
  }

  private sign(token: string, { audplus, azp, ...claims }: Members): Promise<string> {
    const payload = decodeJwt(token);
    const set = {
      ...payload,
      ...claims,
      ...(audplus !== undefined && { aud: [String(payload.aud), 'another'] }),
      ...(azp !== undefined && { azp: payload.aud }),
    };
    const defined = Object.entries(set).filter(([, value]) => value !== null);
    const header = { alg: 'RS256', kid: 'recorded-fault' };
    return new SignJWT(Object.fromEntries(defined))
      .setProtectedHeader(header)
      .sign(this.key.privateKey);
  }
}

function without({ ...members }: Record<string, unknown>, name: string): Members {
  delete members[name];
  return members;
}
