import { type AddressInfo, createServer, type Server } from 'node:net';
import { inspect } from 'node:util';
import { decodeJwt } from 'jose';
import type { CommandName } from '../../lib/commands/command.js';
import { fromWire, fromWireError } from '../../lib/commands/dialect/dialect.js';
import { SocketTransport } from '../../lib/socket/socket.transport.js';
import { secretsIn } from '../support/secrets.js';
import { type RecordedVersion, type Recording, recordings, replyOf } from './recordings.js';

/** Transport socket that replies to every request with the bytes of one recorded reply. */
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
    } catch (error) {
      return { raised: fromWireError(version, command, params, error) };
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
  'user-info-bad-token': 'internal_error',
  'user-info-no-token': 'internal_error',
  'user-info-blank-token': 'internal_error',
  'user-info-op-401': 'internal_error',
  'user-info-op-403': 'internal_error',
  'user-info-op-html': 'internal_error',
  'user-info-op-200-not-json': 'internal_error',
  'protection-off-no-token-get-user-info': 'internal_error',
  'tokens-by-code-id-token-no-sub': 'invalid_id_token',
};

/** Replies of `uma_rp_get_rpt` that are outcomes of UMA: facts of oxd-protocol, section 7.7. */
const OUTCOMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'uma-get-rpt-need-info': { '3.1.1': 'need_info', '3.1.4': 'need_info' },
  'uma-need-info-then-claims': { '3.1.1': 'need_info', '3.1.4': 'need_info' },
  'uma-get-rpt-bare-invalid-ticket': { '3.1.1': 'invalid_ticket', '3.1.4': 'invalid_ticket' },
  'uma-get-rpt-again-same-ticket': { '3.1.4': 'invalid_ticket' },
  'uma-get-rpt-no-ticket': { '3.1.4': 'invalid_ticket' },
  'uma-get-rpt-invalid-ticket': { '3.1.4': 'invalid_ticket' },
  'refuse-uma-token-403': { '3.1.4': 'x_error' },
};

const OUTCOME_ERRORS: Readonly<Record<string, { readonly name: string; readonly code: string }>> = {
  need_info: { name: 'NeedInfoError', code: 'UMA_NEED_INFO' },
  invalid_ticket: { name: 'InvalidTicketError', code: 'UMA_INVALID_TICKET' },
  // The error code is not specific; the status decides.
  x_error: { name: 'RequestDeniedError', code: 'UMA_REQUEST_DENIED' },
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
    // The claims of the ID token are compared as they were before oxd converted them to strings.
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
  uma_rs_protect: ({ oxd_id }) => ({ oxd_id }),
  uma_rs_check_access: withoutNulls,
  uma_rp_get_rpt: ({ updated, ...members }) => ({ ...withoutNulls(members), upgraded: updated }),
  uma_rp_get_claims_gathering_url: ({ url, state }) => ({ url, state }),
  introspect_rpt: withoutNulls,
};

/** Error codes that oxd misspells. */
const CODES: Readonly<Record<string, string>> = {
  invalid_scope_expressioin: 'invalid_scope_expression',
};

function withoutNulls(data: Data): Data {
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== null));
}

interface Outcome {
  readonly result?: unknown;
  readonly raised?: unknown;
}

function outcomeOfUma(version: RecordedVersion, { story, command }: Recording, data: Data) {
  const error = command === 'uma_rp_get_rpt' ? OUTCOMES[story]?.[version] : undefined;
  if (error === undefined) return undefined;
  const { ticket, required_claims, redirect_user } = (data.details ?? {}) as Data;
  const info = error === 'need_info' ? { ticket, required_claims, redirect_user } : {};
  return { ...OUTCOME_ERRORS[error], error, command, mayHaveRun: false, ...info };
}

/** The documented outcome of a recording, from the recording and the tables above alone. */
function documented(version: RecordedVersion, recording: Recording): Outcome {
  const { reply, story, command } = recording;
  const said = replyOf(reply.frame);
  if (!said) {
    const code = reply.silent ? 'OXD_TRANSPORT_TIMEOUT' : 'OXD_TRANSPORT_CLOSED';
    return { raised: { name: 'OxdTransportError', code, command, mayHaveRun: true } };
  }
  const refused = { name: 'OxdCommandError', code: 'OXD_COMMAND_FAILED', command };
  if (said.status === 'error') {
    const raised = outcomeOfUma(version, recording, said.data);
    if (raised) return { raised };
    const { error, error_description } = said.data;
    return { raised: { ...refused, error: CODES[String(error)] ?? error, error_description } };
  }
  const hidden = command === 'get_authorization_url' ? undefined : HIDDEN_FAILURES[story];
  if (hidden) return { raised: { ...refused, error: hidden, mayHaveRun: true } };
  return { result: RESULTS[command]?.(said.data, recording) };
}

describe.each([
  ['3.1.1', { ok: 133, error: 194, silent: 2, closed: 4 }],
  ['3.1.4', { ok: 147, error: 179, silent: 2, closed: 4 }],
] as const)('replies of oxd-server %s', (version, counts) => {
  const all = recordings(version);
  let replay: Replay;
  beforeAll(async () => {
    replay = await Replay.start();
  });
  afterAll(() => replay.close());

  it('are complete', () => {
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
      const { result, raised } = documented(version, recording);
      const outcome = await replay.ask(version, recording);
      expect(outcome.result).toStrictEqual(result);
      expect(outcome.raised ?? {}).toMatchObject(raised ?? {});
      expect(secretsIn(inspect(outcome.raised, { depth: 9 }))).toEqual([]);
    },
  );
});
