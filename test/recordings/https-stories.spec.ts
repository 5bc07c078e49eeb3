import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { Test, type TestingModule } from '@nestjs/testing';
import { isJsonObject, parseJson } from '../../lib/base/json.js';
import {
  MemoryStore,
  OidcService,
  OxdModule,
  type OxdModuleOptions,
  UmaService,
} from '../../lib/index.js';
import { HttpsPeer, type PeerRequest } from '../support/https-peer.js';
import { HTTPS_RECORDED, httpsRecordings, type HttpsRecording } from './https-recordings.js';

const file = (name: string) =>
  readFileSync(new URL(`../support/tls/${name}`, import.meta.url), 'utf8');
const tls = { cert: file('cert.pem'), key: file('key.pem') };

type Members = Readonly<Record<string, unknown>>;
/** Services of an application. */
type App = readonly [oidc: OidcService, uma: UmaService];

/** Stories of one site, recorded for each peer: the later ones use tokens and tickets of the earlier ones. */
const STORIES = [
  'authorization-url',
  'authorization-url-acr',
  'authorization-url-scope',
  'tokens-by-code',
  'user-info',
  'refresh-with-scope',
  'logout-uri-all',
  'introspect-access-token',
  'uma-protect-simple',
  'uma-check-access-no-rpt',
  'uma-get-rpt',
  'uma-check-access-granted',
  'introspect-rpt',
  'uma-need-info-then-claims',
];

/** Method of an application for each command. */
const METHODS: Readonly<Record<string, (app: App, params: never) => Promise<unknown>>> = {
  get_authorization_url: ([oidc], params) => oidc.getAuthorizationUrl(params),
  get_tokens_by_code: ([oidc], params) => oidc.getTokensByCode(params),
  get_user_info: ([oidc], params) => oidc.getUserInfo(params),
  get_access_token_by_refresh_token: ([oidc], params) => oidc.getAccessTokenByRefreshToken(params),
  get_logout_uri: ([oidc], params) => oidc.getLogoutUri(params),
  introspect_access_token: ([oidc], params) => oidc.introspectAccessToken(params),
  uma_rs_protect: ([, uma], params) => uma.protect(params),
  uma_rs_check_access: ([, uma], params) => uma.checkAccess(params),
  uma_rp_get_rpt: ([, uma], params) => uma.getRpt(params),
  uma_rp_get_claims_gathering_url: ([, uma], params) => uma.getClaimsGatheringUrl(params),
  introspect_rpt: ([, uma], params) => uma.introspectRpt(params),
};

/** Parameters that this client sends otherwise than the recorded one, with the reason. */
const SENT: Readonly<Record<string, (body: Members) => Members>> = {
  // oxd 3.1.4 leaves the hint out of the URL, so the client adds it.
  get_logout_uri: (body) => ({ ...body, id_token_hint: undefined }),
  // oxd adds the value to the URL without encoding it.
  uma_rp_get_claims_gathering_url: (body) => ({
    ...body,
    claims_redirect_uri: encodeURIComponent(String(body.claims_redirect_uri)),
  }),
};

const needInfo = ({ ticket, redirect_user, required_claims }: Members) => ({
  ...{ name: 'NeedInfoError', code: 'UMA_NEED_INFO' },
  ...{ ticket, redirect_user, required_claims },
});

/** Results that are not the members of the reply of the same names. */
const RESULTS: Readonly<Record<string, (data: Members, params: Members) => Members>> = {
  // oxd 3.1.4 returns each claim as a list of strings.
  get_tokens_by_code: ({ access_token, refresh_token, id_token, expires_in }) => ({
    ...{ access_token, refresh_token, id_token, expires_in },
    id_token_claims: { sub: 'alice', email_verified: true },
  }),
  get_user_info: () => ({ claims: { sub: 'alice', name: 'Alice Ünïcode €' } }),
  get_access_token_by_refresh_token: ({ access_token, refresh_token }) => ({
    ...{ access_token, refresh_token },
    scope: 'openid profile email',
  }),

  get_logout_uri: ({ uri }, { id_token_hint }) => {
    const url = new URL(String(uri));
    url.searchParams.set('id_token_hint', String(id_token_hint));
    return { uri: url.href };
  },
  introspect_access_token: ({ active, client_id, exp }) => ({ active, client_id, exp }),
  uma_rp_get_rpt: ({ access_token, pct }) => ({ access_token, pct, upgraded: false }),
};

/** Site of the recordings, as an application configures it. */
const SITE = {
  op_host: 'http://127.0.0.1:9100',
  authorization_redirect_uri: 'https://client.example/cb',
  redirect_uris: ['https://client.example/cb'],
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  scope: ['openid', 'profile', 'email', 'offline_access', 'uma_protection', 'oxd'],
  client_name: 'corpus site',
  acr_values: ['basic'],
  contacts: ['ops@client.example'],
  claims_redirect_uri: ['https://client.example/claims'],
  post_logout_redirect_uri: 'https://client.example/out',
};

/** Server over TLS that replies to the recorded requests alone, and an application that uses it. */
class Story {
  /** Recordings whose request arrived, in the order of the requests. */
  readonly served: HttpsRecording[] = [];
  /** Requests that differ from each recorded one. */
  readonly unknown: PeerRequest[] = [];
  /** Preferred among recordings with the same request. */
  private current: HttpsRecording | undefined;
  private server: HttpsPeer | undefined;
  private module: TestingModule | undefined;

  constructor(private readonly all: readonly HttpsRecording[]) {}

  async start(version: '3.1.4' | '4.2' | '4.5'): Promise<void> {
    this.server = await HttpsPeer.start((request, response) => {
      const { status, content_type, body } = this.replyTo(request);
      response.writeHead(status, { 'content-type': content_type ?? '' }).end(body);
    }, tls);
    const transport = { type: 'https', url: this.server.url(), ca: file('ca.pem'), version } as const;
    const options: OxdModuleOptions = {
      ...{ site: SITE, transport, store: new MemoryStore() },
      secret: 'a test secret of more than 32 characters',
    };
    const imports = [OxdModule.forRoot(options)];
    this.module = await Test.createTestingModule({ imports }).compile();
    this.module.useLogger(false);
    await this.module.init();
  }

  /** Sends a recorded command as an application does. */
  async tell(recording: HttpsRecording): Promise<unknown> {
    this.current = recording;
    this.unknown.length = 0;
    const { module } = this;
    if (!module) throw new Error('The story has not started.');
    const { oxd_id: _, ...params } = recording.request.body ?? {};
    const method = METHODS[recording.command ?? ''];
    const app = [module.get(OidcService), module.get(UmaService)] as const;
    return method?.(app, params as never);
  }

  async close(): Promise<void> {
    await this.module?.close();
    await this.server?.close();
  }

  private replyTo(request: PeerRequest): HttpsRecording['reply'] {
    const candidates = this.current ? [this.current, ...this.all] : this.all;
    const recorded = candidates.find((one) => isSame(one, request));
    if (recorded) this.served.push(recorded);
    const hasToken = request.headers.authorization !== undefined;
    const answer = recorded ?? (hasToken ? undefined : this.all.find(isWithoutToken));
    if (answer) return answer.reply;
    this.unknown.push(request);
    return { status: 500, content_type: 'text/plain', body: 'not recorded' };
  }
}

/** Compares what oxd reads of a request: its parameters are JSON, the order of scopes has no meaning. */
function isSame({ command, request: recorded }: HttpsRecording, sent: PeerRequest): boolean {
  const body = recorded.body && (SENT[command ?? '']?.(recorded.body) ?? recorded.body);
  const { 'Content-Type': type, Authorization: token } = recorded.headers;
  const { 'content-type': sentType, authorization: sentToken } = sent.headers;
  return (
    recorded.method === sent.method &&
    recorded.path === sent.path &&
    isDeepStrictEqual([type, token], [sentType, sentToken]) &&
    isDeepStrictEqual(parsed(body), parsed(parseJson(sent.body)))
  );
}

/** Parameters as JSON contains them, with a set of scopes. */
function parsed(body: unknown): unknown {
  const sent = parseJson(JSON.stringify(body));
  return isJsonObject(sent) && Array.isArray(sent.scope)
    ? { ...sent, scope: new Set(sent.scope) }
    : sent;
}

/** The reply of a server that requires a token. */
function isWithoutToken({ story }: HttpsRecording): boolean {
  return /^protection-o(n|ff)-no-token$/.test(story);
}

/** Result of the application for a reply of oxd. */
function resultOf({ command, op, request, reply }: HttpsRecording): Members {
  const body = JSON.parse(reply.body) as Members;
  const data = isJsonObject(body.data) ? body.data : body;
  if (op === 'need_info') return needInfo(isJsonObject(data.details) ? data.details : data);
  const present = Object.entries(data).filter(([, value]) => value !== null);
  return RESULTS[command ?? '']?.(data, request.body ?? {}) ?? Object.fromEntries(present);
}

describe.each(['ext-3.1.4', 'rest-4.2.3', 'rest-4.5.5'] as const)('an application on %s', (peer) => {
  const all = httpsRecordings(peer).filter(({ op }) => op === undefined || op === 'need_info');
  const told = all.filter(({ story }) => STORIES.includes(story));
  const story = new Story(all);
  beforeAll(() => story.start(HTTPS_RECORDED[peer]));
  afterAll(() => story.close());

  it.each(told.map((one) => ({ n: one.n, story: one.story, command: one.command, one })))(
    'sends the recorded request #$n $story: $command',
    async ({ one }) => {
      const outcome: unknown = await story.tell(one).catch((error: unknown) => error);
      expect(story.unknown).toEqual([]);
      expect(story.served.at(-1)?.n).toBe(one.n);
      expect(outcome).toMatchObject(resultOf(one));
    },
  );
});
