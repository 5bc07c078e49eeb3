import { OxdServer } from '../../../lib/testing/oxd-server/oxd-server.js';
import {
  isUma,
  RECORDED,
  type RecordedVersion,
  type Recording,
  recordings,
  replyOf,
} from '../../recordings/recordings.js';
import { registerSecret } from '../../support/secrets.js';
import { type Endpoint, FakeAs, type Said } from '../../support/oxd-fake-as.js';
import { type Answer, FrameClient, frameOf } from '../../support/frame-client.js';
import { shapeOfReply } from '../../support/reply-shape.js';

const SITE = {
  authorization_redirect_uri: 'https://client.example/cb',
  scope: ['openid', 'uma_protection'],
};
const PHOTO = [{ path: '/photo', conditions: [{ httpMethods: ['GET'], scopes: ['read'] }] }];

/** Responses of the authorization server, by the last part of `op`. */
const BODIES: Readonly<Record<string, Said>> = {
  json: { json: { error: 'x_error', error_description: 'said by the AS' } },
  html: { text: '<html><body><h1>Bad Gateway</h1></body></html>' },
  text: { text: 'not json at all' },
};

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

/** A server with a site that has protected `/photo`, while the authorization server was well. */
class Scene {
  private constructor(
    private readonly server: OxdServer,
    private readonly as: FakeAs,
  ) {}

  static async create(version: RecordedVersion): Promise<Scene> {
    const options = { version, allowInsecureRequests: true, onSecret: registerSecret };
    return new Scene(await OxdServer.start(options), await FakeAs.start());
  }

  /** Asks the recorded command while the authorization server does what it did. */
  async act(recording: Recording): Promise<Answer> {
    const { command, request, reply, op = '' } = recording;
    const oxd_id = await this.site(op);
    await this.misbehave(op);
    const answer = await this.ask(command, { ...request, oxd_id }, reply.closed);
    this.as.reset();
    return answer;
  }

  async close(): Promise<void> {
    await this.server.close();
    await this.as.close();
  }

  /** Registers a site; with a fault of the token endpoint, the site has not needed a PAT before. */
  private async site(op: string): Promise<unknown> {
    const { frame } = await this.ask('register_site', { ...SITE, op_host: this.as.issuer });
    const oxd_id = replyOf(frame)?.data.oxd_id;
    if (!op.startsWith('fail:cc')) await this.ask('uma_rs_protect', { oxd_id, resources: PHOTO });
    return oxd_id;
  }

  private async misbehave(op: string): Promise<void> {
    const [kind = '', where = '', status, body = ''] = op.split(':');
    const response = GRANTS[kind];
    if (kind === 'down') await this.as.close();
    else if (response) this.as.on('umatoken', response);
    else this.as.on(where as Endpoint, { status: Number(status), ...BODIES[body] });
  }

  private async ask(command: string, params: object, awaitsClose?: boolean): Promise<Answer> {
    const client = await FrameClient.open(this.server.port);
    const answer = await client.ask([frameOf(command, params)], { awaitsClose });
    client.close();
    return answer;
  }
}

describe.each(RECORDED.map((version) => [version] as const))(
  'OxdServer %s with a failing authorization server',
  (version) => {
    const all = recordings(version).filter((one) => one.op !== undefined && isUma(one));

    const scenes = new Map<string, Scene>();
    afterAll(async () => {
      for (const scene of scenes.values()) await scene.close();
    });

    /** One that went down stays down. */
    async function sceneFor({ n, op }: Recording): Promise<Scene> {
      const key = op === 'down' ? `${n}` : '';
      const scene = scenes.get(key) ?? (await Scene.create(version));
      scenes.set(key, scene);
      return scene;
    }

    it('covers every recorded failure', () => {
      expect(all.length).toBe(46);
    });

    it.each(all.map((one) => [one.n, one.story, one.op, one] as const))(
      '#%i %s: %s',
      async (_n, _story, _op, recording) => {
        const { frame, closed = false } = recording.reply;
        const answer = await (await sceneFor(recording)).act(recording);
        expect(shapeOfReply(answer.frame)).toEqual(shapeOfReply(frame));
        expect(passedOn(answer.frame)).toBe(passedOn(frame));
        expect(answer.closed).toBe(closed);
      },
    );
  },
);

/** Response of the authorization server that oxd passes on. */
function passedOn(frame: string): unknown {
  const { error, error_description } = replyOf(frame)?.data ?? {};
  return String(error).startsWith('http_status_') && error_description;
}
