import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { isJsonObject } from '../../lib/base/json.js';
import type { CommandName } from '../../lib/commands/command.js';
import { fromWire, fromWireError } from '../../lib/commands/dialect/dialect.js';
import { httpsPath, isRest } from '../../lib/commands/dialect/https-paths.js';
import { HttpsTransport } from '../../lib/https/https.transport.js';
import { HttpsPeer } from '../support/https-peer.js';
import { secretsIn } from '../support/secrets.js';
import { documentedOutcome, type FactsOf, type Outcome } from './documented-outcome.js';
import {
  HTTPS_RECORDED,
  httpsRecordings,
  type HttpsRecording,
  type RecordedPeer,
} from './https-recordings.js';
import type { RecordedReply } from './recordings.js';

const file = (name: string) =>
  readFileSync(new URL(`../support/tls/${name}`, import.meta.url), 'utf8');
const tls = { cert: file('cert.pem'), key: file('key.pem') };

type Release = (typeof HTTPS_RECORDED)[RecordedPeer];

/** Command for which a reply is served: a reply to no command could come from a wrong URL. */
function commandOf(version: Release, { command }: HttpsRecording): string {
  return command && httpsPath(version, command) ? command : 'get_logout_uri';
}

/** Parameters of a recorded request; token and site of the authorization were headers. */
function paramsOf({ request: { headers, body } }: HttpsRecording): Record<string, unknown> {
  const { Authorization = '', AuthorizationOxdId } = headers;
  const [, token] = /^Bearer +(\S+)$/.exec(Authorization) ?? [];
  return {
    ...(isJsonObject(body) ? body : {}),
    ...(token !== undefined && { protection_access_token: token }),
    ...(AuthorizationOxdId !== undefined && { authorization_oxd_id: AuthorizationOxdId }),
  };
}

/** Server over TLS that replies with the bytes of one recorded reply. */
class Replay {
  private constructor(
    private readonly peer: HttpsPeer,
    private readonly transport: HttpsTransport,
    private readonly served: { recording?: HttpsRecording },
  ) {}

  static async start(version: Release): Promise<Replay> {
    const served: { recording?: HttpsRecording } = {};
    const peer = await HttpsPeer.start((_request, response) => {
      const { status, content_type: type, body } = served.recording?.reply ?? { status: 500 };
      response.writeHead(status, type ? { 'content-type': type } : {}).end(body);
    }, tls);
    const limits = { connections: 1, timeout: 10_000 };
    const options = { type: 'https', url: peer.url(), version, ca: file('ca.pem') } as const;
    return new Replay(peer, new HttpsTransport({ ...options, ...limits }), served);
  }

  async ask(version: Release, recording: HttpsRecording): Promise<Outcome> {
    this.served.recording = recording;
    const command = commandOf(version, recording);
    const contract = command.replace('_registration', '') as CommandName;
    const params = paramsOf(recording);
    try {
      const data = await this.transport.execute(command, params);
      return { result: fromWire(version, contract, params, data) };
    } catch (error) {
      return { raised: fromWireError(version, contract, params, error) };
    }
  }

  async close(): Promise<void> {
    await this.transport.close();
    await this.peer.close();
  }
}

/** Replies that are not JSON of oxd, by their beginning. */
const TEXTS: readonly (readonly [beginning: RegExp, code: string, mayHaveRun: boolean])[] = [
  [/^Command response is null/, 'OXD_TRANSPORT_CLOSED', true],
  [/^Command client is not able to connect/, 'OXD_TRANSPORT_CLOSED', false],
  [/^<h1>Bad Message 4(13|31)/, 'OXD_TRANSPORT_TOO_LARGE', false],
  [/^[^]*Invalid SNI/, 'OXD_TRANSPORT_UNREACHABLE', false],
  [/^\{"code":404,"message":"HTTP 404 Not Found"\}$/, 'OXD_TRANSPORT_MALFORMED', false],
  // HTML of the authorization server, and the health check of the extension.
  [/^(<html>|running$)/, 'OXD_TRANSPORT_MALFORMED', true],
  // The health check of oxd 4 is no response to a command.
  [/^\{\s+"application": "oxd"/, 'OXD_TRANSPORT_MALFORMED', true],
];

/** Names of oxd 4 for error codes of oxd 3.1. */
const RENAMED: Readonly<Record<string, string>> = {
  blank_access_token: 'blank_protection_access_token',
  invalid_access_token: 'invalid_protection_access_token',
  inactive_access_token: 'inactive_protection_access_token',
  access_token_insufficient_scope: 'protection_access_token_insufficient_scope',
  invalid_redirect_uri: 'invalid_authorization_redirect_uri',
};

/** Commands for which the extension 3.1.1 requires no token. */
const WITHOUT_TOKEN = ['setup_client', 'get_client_token', 'get_access_token_by_refresh_token'];

/** Failure that oxd does not report as an error object; undefined for other replies. */
function failureOf(version: Release, recording: HttpsRecording): Outcome | undefined {
  const { body } = recording.reply;
  const command = commandOf(version, recording);
  const hasToken = 'protection_access_token' in paramsOf(recording);
  const raised = (error: string, mayHaveRun: boolean): Outcome => {
    const refused = { name: 'OxdCommandError', code: 'OXD_COMMAND_FAILED', mayHaveRun };
    return { raised: { ...refused, error, command } };
  };
  if (body.startsWith('Invalid parameters. Message:')) return raised('bad_request', false);
  const isException = body.includes('"There was an error processing your request.');
  const isForbidden = body.includes('Forbidden Access');
  const lacksToken = !isRest(version) && !hasToken && !WITHOUT_TOKEN.includes(command);
  if (isForbidden || (isException && lacksToken)) {
    // oxd registers the client before it looks at the token.
    const mayHaveRun = command === 'register_site';
    return raised(`${hasToken ? 'invalid' : 'blank'}_protection_access_token`, mayHaveRun);
  }
  return isException || body === 'null' ? raised('internal_error', true) : undefined;
}

/** The reply as an oxd-server 3.1.4 would send it over TCP. */
function envelopeOf(version: Release, { reply }: HttpsRecording): RecordedReply {
  const body = JSON.parse(reply.body) as RecordedReply['data'];
  const { code, message, error } = body;
  if (code !== undefined) {
    const data = { error: `http_status_${Number(code)}`, error_description: message };
    return { status: 'error', data };
  }
  if (!isRest(version)) return body as unknown as RecordedReply;
  if (reply.status === 200) return { status: 'ok', data: body };
  const isInvalidCode = body.error_description === "'code' is invalid.";
  const isOfProvider = error === 'x_error' && 'error_description' in body;
  if (isOfProvider) {
    const data = { ...body, error: `http_status_${reply.status}` };
    return { status: 'error', data };
  }
  const named = {
    ...body,
    error: isInvalidCode ? 'invalid_grant' : (RENAMED[String(error)] ?? error),
  };
  return { status: 'error', data: 'error_description' in body ? named : { error, details: body } };
}

/** The documented outcome of a recording, from the recording and the tables of facts alone. */
function documented(version: Release, recording: HttpsRecording): Outcome {
  const command = commandOf(version, recording);
  const text = TEXTS.find(([beginning]) => beginning.test(recording.reply.body));
  if (text) {
    const [, code, mayHaveRun] = text;
    return { raised: { name: 'OxdTransportError', code, command, mayHaveRun } };
  }
  const failure = failureOf(version, recording);
  if (failure) return failure;
  const facts: FactsOf = version === '4.2' || version === '4.5' ? '4' : version;
  const call = { story: recording.story, command, request: paramsOf(recording) };
  return documentedOutcome(facts, call, envelopeOf(version, recording));
}

/** Number of the recorded replies with each status. */
const STATUSES: Readonly<Record<RecordedPeer, Readonly<Record<string, number>>>> = {
  'ext-3.1.1': { 200: 270, 404: 48, 413: 1, 500: 39 },
  'ext-3.1.4': { 200: 259, 400: 14, 401: 6, 403: 35, 404: 21, 413: 1, 500: 16, 502: 5 },
  'rest-4.2.3': { 200: 152, 400: 68, 401: 4, 403: 24, 404: 9, 431: 1, 500: 98, 502: 3 },
  'rest-4.5.5': { 200: 151, 400: 69, 401: 5, 403: 24, 404: 10, 431: 1, 500: 95, 502: 4 },
};

describe.each(
  Object.entries(HTTPS_RECORDED).map(([peer, version]) => ({ peer: peer as RecordedPeer, version })),
)('replies of $peer', ({ peer, version }) => {
  const all = httpsRecordings(peer);
  let replay: Replay;
  beforeAll(async () => {
    replay = await Replay.start(version);
  });
  afterAll(() => replay.close());

  it('are complete', () => {
    const statuses = all.map(({ reply }) => String(reply.status));
    const counts = Object.fromEntries(
      [...new Set(statuses)].map((one) => [one, statuses.filter((each) => each === one).length]),
    );
    expect(counts).toEqual(STATUSES[peer]);
  });

  it.each(all.map((one) => ({ n: one.n, story: one.story, command: one.command, one })))(
    '#$n $story: $command',
    async ({ one }) => {
      const { result, raised } = documented(version, one);
      const outcome = await replay.ask(version, one);
      expect(outcome.result).toStrictEqual(result);
      expect(outcome.raised ?? {}).toMatchObject(raised ?? {});
      expect(secretsIn(inspect(outcome.raised, { depth: 9 }))).toEqual([]);
    },
  );
});
