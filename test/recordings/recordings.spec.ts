import { type AddressInfo, createServer, type Server } from 'node:net';
import { inspect } from 'node:util';
import type { CommandName } from '../../lib/commands/command.js';
import { fromWire, fromWireError } from '../../lib/commands/dialect/dialect.js';
import { SocketTransport } from '../../lib/socket/socket.transport.js';
import { secretsIn } from '../support/secrets.js';
import { documentedOutcome, type Outcome } from './documented-outcome.js';
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

/** The documented outcome of a recording, from the recording and the tables of facts alone. */
function documented(version: RecordedVersion, recording: Recording): Outcome {
  const { reply, command } = recording;
  const said = replyOf(reply.frame);
  if (said) return documentedOutcome(version, recording, said);
  const code = reply.silent ? 'OXD_TRANSPORT_TIMEOUT' : 'OXD_TRANSPORT_CLOSED';
  return { raised: { name: 'OxdTransportError', code, command, mayHaveRun: true } };
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
