import type { OxdServer } from '../../lib/testing/oxd-server/oxd-server.js';
import { FAULT_BODIES, type ServerStart } from './failing-op.js';
import type { CommandSender, ServerAnswer } from './command-senders.js';
import { type Endpoint, FakeAs, type Said } from './oxd-fake-as.js';
import type { RecordedCall } from './recorded-call.js';

const SITE = {
  authorization_redirect_uri: 'https://client.example/cb',
  scope: ['openid', 'uma_protection'],
};
const PHOTO = [{ path: '/photo', conditions: [{ httpMethods: ['GET'], scopes: ['read'] }] }];

/** Responses of the token endpoint. */
const GRANTS: Readonly<Record<string, Said>> = {
  bare_invalid: { status: 400, json: { error: 'invalid_ticket' } },
  need_info: {
    status: 403,
    json: {
      error: 'need_info',
      ticket: 'the-next-ticket',
      required_claims: [{ name: 'email', issuer: ['https://example.com/idp'] }],
      redirect_user: 'http://127.0.0.1:9100/uma/gather_claims',
    },
  },
};

/** A server with a site that has protected `/photo`, while the authorization server worked. */
export class FailingAs {
  private constructor(
    private readonly server: OxdServer,
    private readonly ask: CommandSender,
    private readonly as: FakeAs,
  ) {}

  static async create(start: ServerStart): Promise<FailingAs> {
    const { server, ask } = await start();
    return new FailingAs(server, ask, await FakeAs.start());
  }

  /** Sends the recorded command while the authorization server has the recorded fault. */
  async act(call: RecordedCall): Promise<ServerAnswer> {
    const { command, path, closed, op = '' } = call;
    const { protection_access_token } = call.params ?? {};
    const oxd_id = await this.site(op, protection_access_token);
    await this.setFault(op);
    const params = { ...call.params, oxd_id };
    const answer = await this.ask({ command, path, params, closed });
    this.as.reset();
    return answer;
  }

  async close(): Promise<void> {
    await this.server.close();
    await this.as.close();
  }

  /** Registers a site; with a fault of the token endpoint, the site has not needed a PAT before. */
  private async site(op: string, protection_access_token: unknown): Promise<unknown> {
    const params = { ...SITE, op_host: this.as.issuer };
    const { reply } = await this.ask({ command: 'setup_client', params });
    const { oxd_id, client_id } = reply?.data ?? {};
    this.as.on('token', { json: { active: true, client_id } });
    if (!op.startsWith('fail:cc'))
      await this.ask({
        command: 'uma_rs_protect',
        params: { oxd_id, resources: PHOTO, protection_access_token },
      });
    return oxd_id;
  }

  private async setFault(op: string): Promise<void> {
    const [kind = '', where = '', status, body = ''] = op.split(':');
    const response = GRANTS[kind];
    if (kind === 'down') await this.as.close();
    else if (response) this.as.on('umatoken', response);
    else this.as.on(where as Endpoint, { status: Number(status), ...FAULT_BODIES[body] });
  }
}
