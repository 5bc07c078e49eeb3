import type { OxdServer } from '../../lib/testing/oxd-server/oxd-server.js';
import { type Endpoint, FakeOp } from './fake-op.js';
import type { CommandSender, ServerAnswer } from './command-senders.js';
import type { RecordedCall } from './recorded-call.js';

const CALLBACK = 'https://client.example/cb';
const SITE = {
  authorization_redirect_uri: CALLBACK,
  redirect_uris: [CALLBACK],
  post_logout_redirect_uri: 'https://client.example/out',
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  scope: ['openid', 'uma_protection', 'oxd'],
  acr_values: ['basic'],
};

type Members = Readonly<Record<string, unknown>>;

/** `fail:<where>:...`: with a failing provider. */
const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  reg: 'register',
  regput: 'client',
  code: 'token',
  refresh: 'token',
  cc: 'token',
  me: 'userinfo',
  intr: 'introspect',
  intrprobe: 'introspect',
};

/** Bodies of error responses, by the last part of `op`. */
export const FAULT_BODIES: Readonly<Record<string, object>> = {
  json: { json: { error: 'x_error', error_description: 'said by the AS' } },
  html: { text: '<html><body><h1>Bad Gateway</h1></body></html>' },
  text: { text: 'not json at all' },
};

/** Starts an oxd-server and a way to send commands to it. */
export type ServerStart = () => Promise<{
  readonly server: OxdServer;
  readonly ask: CommandSender;
}>;

/** A server at a provider that fails, with a site and a user's tokens. */
export class FailingOp {
  private constructor(
    private readonly server: OxdServer,
    private readonly ask: CommandSender,
    private readonly op: FakeOp,
    private readonly setup: Members,
  ) {}

  static async create(start: ServerStart): Promise<FailingOp> {
    const op = await FakeOp.start();
    op.discovery = { scopes_supported: ['openid', 'uma_protection', 'oxd'] };
    const { server, ask } = await start();
    const params = { ...SITE, op_host: op.issuer };
    const { reply } = await ask({ command: 'setup_client', params });
    return new FailingOp(server, ask, op, reply?.data ?? {});
  }

  /** Sends the recorded command while the provider has the recorded fault. */
  async act(call: RecordedCall): Promise<ServerAnswer> {
    const { command, path, closed } = call;
    if (command !== 'introspect_access_token') this.acceptToken();
    const params = await this.paramsOf(call);
    await this.setFault(call);
    const answer = await this.ask({ command, path, params, closed });
    this.op.reset();
    return answer;
  }

  async close(): Promise<void> {
    await this.server.close();
    await this.op.close();
  }

  /** Makes the provider accept every protection token. */
  private acceptToken(): void {
    const { client_id } = this.setup;
    this.op.on('introspect', { json: { active: true, client_id } });
  }

  private async paramsOf(call: RecordedCall): Promise<Members> {
    const params = await this.ownParamsOf(call);
    return { ...params, ...tokenOf(call) };
  }

  private async ownParamsOf(call: RecordedCall): Promise<Members> {
    const { op_host, oxd_id, client_id, client_secret } = this.setup;
    const token = 'a-good-token';
    const { command } = call;
    switch (command) {
      case 'register_site':
        return { ...SITE, op_host };
      case 'get_client_token':
        return { op_host, client_id, client_secret, scope: ['openid'] };
      case 'get_tokens_by_code':
        return { oxd_id, ...(await this.logIn(call)) };
      case 'get_logout_uri':
        return { oxd_id, id_token_hint: 'an.id.token' };
      case 'get_authorization_url':
        return { oxd_id };
      case 'get_user_info':
      case 'introspect_access_token':
        return { oxd_id, access_token: token };
      case 'get_access_token_by_refresh_token':
        return { oxd_id, refresh_token: token, scope: ['openid'] };
      default:
        return { oxd_id, redirect_uris: [CALLBACK], contacts: ['ops@client.example'] };
    }
  }

  private async logIn(call: RecordedCall): Promise<object> {
    const params = { oxd_id: this.setup.oxd_id, ...tokenOf(call) };
    const { reply } = await this.ask({ command: 'get_authorization_url', params });
    return this.op.login(String(reply?.data.authorization_url));
  }

  private async setFault({ op = '' }: RecordedCall): Promise<void> {
    const [kind = '', ...rest] = op.split(':');
    if (kind === 'down') await this.op.close();
    if (kind === 'intrnoclient') this.op.on('introspect', { json: { active: true } });
    if (kind === 'tok') this.op.tokens = { [rest.join()]: undefined };
    if (kind === 'claim') this.op.claims = this.claimsOf(JSON.parse(op.slice(6)) as object);
    if (kind !== 'fail') return;
    const [where = '', status, body = ''] = rest;
    this.op.on(ENDPOINTS[where] ?? 'discovery', { status: Number(status), ...FAULT_BODIES[body] });
  }

  private claimsOf(recorded: object): Record<string, unknown> {
    const { audplus, azp, ...claims } = recorded as { audplus?: number; azp?: number };
    const { client_id } = this.setup;
    if (audplus) return { aud: [client_id, 'another'], azp: azp ? client_id : undefined };
    const values = Object.entries(claims).map(([name, value]) => [name, value ?? undefined]);
    return Object.fromEntries(values) as Record<string, unknown>;
  }
}

/** Protection token of a call, if the recorded one had any. */
function tokenOf({ params }: RecordedCall): Members {
  const isGiven = params?.protection_access_token !== undefined;
  return isGiven ? { protection_access_token: 'a-protection-token' } : {};
}
