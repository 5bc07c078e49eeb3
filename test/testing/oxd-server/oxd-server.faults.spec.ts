import { OxdServer } from '../../../lib/testing/oxd-server/oxd-server.js';
import {
  isUma,
  RECORDED,
  type RecordedVersion,
  type Recording,
  recordings,
  replyOf,
} from '../../recordings/recordings.js';
import { type Endpoint, FakeOp } from '../../support/fake-op.js';
import { registerSecret } from '../../support/secrets.js';
import { type Answer, FrameClient, frameOf } from '../../support/frame-client.js';
import { shapeOfReply } from '../../support/reply-shape.js';

const CALLBACK = 'https://client.example/cb';
const SITE = {
  authorization_redirect_uri: CALLBACK,
  redirect_uris: [CALLBACK],
  post_logout_redirect_uri: 'https://client.example/out',
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  scope: ['openid', 'uma_protection', 'oxd'],
  acr_values: ['basic'],
};

type Members = Readonly<Record<string, string>>;

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

/** Response bodies, by the last part of `op`. */
const BODIES: Readonly<Record<string, object>> = {
  json: { json: { error: 'x_error', error_description: 'said by the AS' } },
  html: { text: '<html><body><h1>Bad Gateway</h1></body></html>' },
  text: { text: 'not json at all' },
};

/** Recordings without a test: the embedded transport checks more, or lacks information, than oxd 3.x. */
const EXCLUDED: Readonly<Record<string, string>> = {
  'tokens-by-code-id-token-no-sub': 'oxd does not look at sub',
  'tokens-by-code-id-token-no-nonce': 'oxd breaks down where a nonce is missing',
  'tokens-by-code-id-token-two-audiences-azp': 'oxd knows one audience',
  'tokens-by-code-id-token-no-at-hash': '3.1.1 insists on at_hash, which is optional',
};

/** A server at a provider, with a site and a user's tokens. */
class Scene {
  private constructor(
    private readonly server: OxdServer,
    private readonly op: FakeOp,
    private readonly setup: Members,
  ) {}

  static async create(version: RecordedVersion, protect: boolean): Promise<Scene> {
    const op = await FakeOp.start();
    op.discovery = { scopes_supported: ['openid', 'uma_protection', 'oxd'] };
    const server = await OxdServer.start({
      version,
      protectCommands: protect,
      allowInsecureRequests: true,
      onSecret: registerSecret,
    });
    const answer = await ask(server, 'setup_client', { ...SITE, op_host: op.issuer });
    const { data } = replyOf(answer.frame) ?? { data: {} };
    return new Scene(server, op, data as Members);
  }

  /** Asks the recorded command while the provider does what it did. */
  async act(recording: Recording): Promise<Answer> {
    const params = await this.paramsOf(recording);
    await this.misbehave(recording);
    const { closed } = recording.reply;
    const answer = await ask(this.server, recording.command, params, closed);
    this.op.reset();
    return answer;
  }

  async close(): Promise<void> {
    await this.server.close();
    await this.op.close();
  }

  private async paramsOf({ command, request }: Recording): Promise<object> {
    const { op_host, oxd_id, client_id, client_secret } = this.setup;
    const token = 'a-good-token';
    switch (command) {
      case 'register_site':
        return { ...SITE, op_host };
      case 'get_client_token':
        return { op_host, client_id, client_secret, scope: ['openid'] };
      case 'get_tokens_by_code':
        return { oxd_id, ...(await this.logIn()) };
      case 'get_logout_uri':
        return { oxd_id, id_token_hint: 'an.id.token' };
      case 'get_authorization_url':
        return {
          oxd_id,
          ...(request?.protection_access_token !== undefined && { protection_access_token: token }),
        };
      case 'get_user_info':
      case 'introspect_access_token':
        return { oxd_id, access_token: token };
      case 'get_access_token_by_refresh_token':
        return { oxd_id, refresh_token: token, scope: ['openid'] };
      default:
        return { oxd_id, redirect_uris: [CALLBACK], contacts: ['ops@client.example'] };
    }
  }

  private async logIn(): Promise<object> {
    const { oxd_id } = this.setup;
    const { frame } = await ask(this.server, 'get_authorization_url', { oxd_id });
    return this.op.login(String(replyOf(frame)?.data.authorization_url));
  }

  private async misbehave({ op = '' }: Recording): Promise<void> {
    const [kind = '', ...rest] = op.split(':');
    if (kind === 'down') await this.op.close();
    if (kind === 'intrnoclient') this.op.on('introspect', { json: { active: true } });
    if (kind === 'tok') this.op.tokens = { [rest.join()]: undefined };
    if (kind === 'claim') this.op.claims = this.claimsOf(JSON.parse(op.slice(6)) as object);
    if (kind !== 'fail') return;
    const [where = '', status, body = ''] = rest;
    this.op.on(ENDPOINTS[where] ?? 'discovery', { status: Number(status), ...BODIES[body] });
  }

  private claimsOf(recorded: object): Record<string, unknown> {
    const { audplus, ...claims } = recorded as { audplus?: number };
    if (audplus) return { aud: [this.setup.client_id, 'another'] };
    const values = Object.entries(claims).map(([name, value]) => [name, value ?? undefined]);
    return Object.fromEntries(values) as Record<string, unknown>;
  }
}

async function ask(
  { port }: OxdServer,
  command: string,
  params: object,
  awaitsClose = false,
): Promise<Answer> {
  const client = await FrameClient.open(port);
  const answer = await client.ask([frameOf(command, params)], { awaitsClose });
  client.close();
  return answer;
}

describe.each(RECORDED.map((version) => [version] as const))(
  'OxdServer %s with a failing provider',
  (version) => {
    const all = recordings(version).filter((one) => one.op !== undefined && !isUma(one));
    const repeated = all.filter(({ story }) => !Object.hasOwn(EXCLUDED, story));

    const scenes = new Map<string, Scene>();
    afterAll(async () => {
      for (const scene of scenes.values()) await scene.close();
    });

    /** A provider that went down stays down. */
    async function sceneFor({ n, op, protect }: Recording): Promise<Scene> {
      const key = op === 'down' ? `${n}` : protect;
      const scene = scenes.get(key) ?? (await Scene.create(version, protect === 'on'));
      scenes.set(key, scene);
      return scene;
    }

    it('covers every recorded failure, except those listed', () => {
      expect([all.length, repeated.length]).toEqual([61, 57]);
    });

    it.each(repeated.map((one) => [one.n, one.story, one.op, one] as const))(
      '#%i %s: %s',
      async (_n, _story, _op, recording) => {
        const answer = await (await sceneFor(recording)).act(recording);
        const { frame, closed = false } = recording.reply;
        expect(shapeOfReply(answer.frame)).toEqual(shapeOfReply(frame));
        expect(answer.closed).toBe(closed);
      },
    );
  },
);
