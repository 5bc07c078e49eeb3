import { once } from 'node:events';
import { type IncomingMessage, request as send, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { DEMO_USERS } from '../../lib/sandbox/provider/accounts.js';
import { closeServer, listenOnLoopback, portOf } from '../../lib/sandbox/web/loopback.js';
import type { SandboxPolicies } from '../../lib/sandbox/sandbox.js';
import { openProvider } from '../../lib/sandbox/sandbox-provider.js';
import { MemoryStore } from '../../lib/store/oxd-store.js';
import { replacedBy, ResponseFaults } from './recorded-faults.js';
import { registerSecret } from './secrets.js';

type Members = Readonly<Record<string, unknown>>;

/**
 * Provider of the sandbox behind a proxy that imitates the recorded provider: it returns scopes in a
 * configurable parameter. Its authorization server requires no interaction.
 */
export class RecordedOp {
  /** Parameter of an introspection response that contains the scopes; `scope` as in RFC 7662. */
  scopesIn: 'scope' | 'scopes' = 'scope';
  /** Fault of the recordings; `down` closes every connection. */
  fault = '';

  private constructor(
    readonly issuer: string,
    private readonly front: Server,
    private readonly back: Server,
    private readonly faults: ResponseFaults,
  ) {
    front.on('request', (request, response) => void this.pass(request, response));
  }

  /** Starts on free ports of the loopback interface. */
  static async start(policies: SandboxPolicies = () => 'grant'): Promise<RecordedOp> {
    const front = await listenOnLoopback(0);
    const back = await listenOnLoopback(0);
    const issuer = `http://localhost:${portOf(front)}`;
    const provider = await openProvider(issuer, {
      store: new MemoryStore(),
      users: DEMO_USERS,
      policies,
      scopes: [],
      onSecret: registerSecret,
      log: () => undefined,
    });
    const handle = provider.callback();
    back.on('request', (request, response) => void handle(request, response));
    return new RecordedOp(issuer, front, back, await ResponseFaults.create());
  }

  async close(): Promise<void> {
    await closeServer(this.front);
    await closeServer(this.back);
  }

  private async pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '' } = request;
    const sent = await text(request);
    const call = { method, path, body: sent };
    if (this.fault === 'down') return void request.socket.destroy();
    const replaced = replacedBy(this.fault, call);
    if (replaced) {
      response.writeHead(replaced.status, {
        'content-type': replaced.contentType ?? 'application/json',
      });
      return void response.end(replaced.body);
    }
    const headers = { ...request.headers, 'content-length': Buffer.byteLength(sent) };
    const passed = send({ port: portOf(this.back), host: '127.0.0.1', method, path, headers });
    passed.end(sent);
    const [answer] = (await once(passed, 'response')) as [IncomingMessage];
    const said = await this.faults.apply(this.fault, call, await text(answer));
    const told = path === '/token/introspection' ? edited(said, (one) => this.retold(one)) : said;
    const length = { 'content-length': Buffer.byteLength(told), 'transfer-encoding': undefined };
    response.writeHead(answer.statusCode ?? 0, defined({ ...answer.headers, ...length }));
    response.end(told);
  }

  private retold({ scope, ...members }: Members): Members {
    if (typeof scope !== 'string') return members;
    return { ...members, [this.scopesIn]: this.scopesIn === 'scope' ? scope : scope.split(' ') };
  }
}

function edited(json: string, edit: (members: Members) => Members): string {
  return JSON.stringify(edit(JSON.parse(json) as Members));
}

function defined<T extends object>(headers: T): T {
  return Object.fromEntries(
    Object.entries(headers).filter(([, value]) => value !== undefined),
  ) as T;
}
