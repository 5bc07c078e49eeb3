import { type AddressInfo, createServer, type Server } from 'node:net';
import { decodeJwt } from 'jose';
import type { CommandName } from '../../lib/commands/command.js';
import { fromWire } from '../../lib/commands/dialect.js';
import { SocketTransport } from '../../lib/transport/socket.transport.js';
import { type RecordedVersion, type Recording, recordings, replyOf } from './recordings.js';

/** Says the bytes of one recorded reply to whoever asks anything. */
class Replay {
  recording: Recording;
  private constructor(private readonly server: Server) {}

  static async start(): Promise<Replay> {
    const server = createServer();
    const replay = new Replay(server);
    server.on('connection', (socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        const { frame, closed } = replay.recording.reply;
        if (frame) socket.write(frame);
        if (closed) socket.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return replay;
  }

  async ask(version: RecordedVersion, recording: Recording): Promise<Outcome> {
    this.recording = recording;
    const transport = new SocketTransport({
      type: 'socket',
      host: '127.0.0.1',
      port: (this.server.address() as AddressInfo).port,
      version,
      connections: 1,
      maxQueue: 1,
      connectTimeout: 3_000,
      timeout: recording.reply.silent ? 50 : 5_000,
    });
    const command = recording.command.replace('_registration', '') as CommandName;
    const params = recording.request ?? {};
    try {
      const data = await transport.execute(recording.command, params);
      return { result: fromWire(version, command, params, data) };
    } catch (raised) {
      return { raised };
    } finally {
      await transport.close();
    }
  }

  close(): Promise<void> {
    return new Promise((resolve) => void this.server.close(() => resolve()));
  }
}

/** Replies that oxd calls a success, and what they are: facts of oxd-protocol, sections 5 and 7. */
const HIDDEN_FAILURES: Readonly<Record<string, string>> = {
  'user-info-bad-token': 'invalid_token',
  'user-info-no-token': 'invalid_token',
  'user-info-blank-token': 'invalid_token',
  'user-info-op-401': 'invalid_token',
  'user-info-op-403': 'invalid_token',
  'user-info-op-html': 'invalid_token',
  'user-info-op-200-not-json': 'invalid_token',
  'protection-off-no-token-get-user-info': 'invalid_token',
  'tokens-by-code-id-token-no-sub': 'invalid_id_token',
};

const ALICE = {
  sub: 'alice',
  name: 'Alice Ünïcode €',
  given_name: 'Alice',
  family_name: 'A',
  email: 'alice@example.com',
  email_verified: true,
  updated_at: 1700000000,
};

type Data = Readonly<Record<string, unknown>>;

/** The documented result of every success, by command. */
const RESULTS: Readonly<Record<string, (data: Data, recording: Recording) => unknown>> = {
  setup_client: withoutNulls,
  register_site: ({ oxd_id, op_host }) => ({ oxd_id, op_host }),
  update_site: ({ oxd_id }) => ({ oxd_id }),
  update_site_registration: ({ oxd_id }) => ({ oxd_id }),
  remove_site: ({ oxd_id }) => ({ oxd_id }),
  get_client_token: withoutNulls,
  get_access_token_by_refresh_token: withoutNulls,
  get_authorization_url: ({ authorization_url }) => ({ authorization_url }),
  get_user_info: () => ({ claims: ALICE }),
  get_tokens_by_code: ({ access_token, refresh_token, id_token, expires_in }) => ({
    ...withoutNulls({ access_token, refresh_token, id_token }),
    ...(expires_in === -1 ? {} : { expires_in: 3600 }),
    // The id_token itself says what its claims were before oxd made text of them.
    id_token_claims: decodeJwt(String(id_token)),
  }),
  get_logout_uri: ({ uri }, { request }) => {
    const hint = request?.id_token_hint;
    const carriesIt = new URL(String(uri)).searchParams.has('id_token_hint');
    if (typeof hint !== 'string' || carriesIt) return { uri };
    return { uri: `${String(uri)}&id_token_hint=${hint}` };
  },
  introspect_access_token: ({ scopes, scope, ...members }) => ({
    ...withoutNulls(members),
    ...(scope === null ? {} : { scope: [scope ?? scopes].flat().join(' ') }),
  }),
};

function withoutNulls(data: Data): Data {
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== null));
}

interface Outcome {
  readonly result?: unknown;
  readonly raised?: unknown;
}

/** The documented outcome of a recording, from the recording and the tables above alone. */
function documented(recording: Recording): Outcome {
  const { reply, story, command } = recording;
  const said = replyOf(reply.frame);
  if (!said) {
    const code = reply.silent ? 'OXD_TRANSPORT_TIMEOUT' : 'OXD_TRANSPORT_CLOSED';
    return { raised: { name: 'OxdTransportError', code, command, mayHaveRun: true } };
  }
  const refused = { name: 'OxdCommandError', code: 'OXD_COMMAND_FAILED', command };
  if (said.status === 'error') {
    const { error, error_description } = said.data;
    return { raised: { ...refused, error, error_description } };
  }
  const hidden = command === 'get_authorization_url' ? undefined : HIDDEN_FAILURES[story];
  if (hidden) return { raised: { ...refused, error: hidden, mayHaveRun: true } };
  return { result: RESULTS[command]?.(said.data, recording) };
}

describe.each([
  ['3.1.1', { ok: 109, error: 121, silent: 2, closed: 4 }],
  ['3.1.4', { ok: 120, error: 109, silent: 2, closed: 4 }],
] as const)('replies of oxd-server %s', (version, counts) => {
  const all = recordings(version);
  let replay: Replay;
  beforeAll(async () => {
    replay = await Replay.start();
  });
  afterAll(() => replay.close());

  it('are all there', () => {
    const outcomes = all.map(
      ({ reply }) => replyOf(reply.frame)?.status ?? (reply.silent ? 'silent' : 'closed'),
    );
    for (const [outcome, count] of Object.entries(counts))
      expect([outcome, outcomes.filter((one) => one === outcome).length]).toEqual([outcome, count]);
    expect(all.length).toBe(counts.ok + counts.error + counts.silent + counts.closed);
  });

  it.each(all.map((one) => [one.n, one.story, one.command, one] as const))(
    '#%i %s: %s',
    async (_n, _story, _command, recording) => {
      const { result, raised } = documented(recording);
      const outcome = await replay.ask(version, recording);
      expect(outcome.result).toStrictEqual(result);
      expect(outcome.raised ?? {}).toMatchObject(raised ?? {});
    },
  );
});
