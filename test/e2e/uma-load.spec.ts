import { Agent, request, type Server } from 'node:http';
import { Controller, Delete, Get, UseGuards } from '@nestjs/common';
import { MemoryStore, UmaGuard, UmaProtected } from '../../lib/index.js';
import { FakeAs, RS } from '../support/fake-as.js';
import { settled } from '../support/manual-clock.js';
import { embeddedOxdModule, startApp, type RunningApp } from '../support/uma-app.js';

/** Limits of parallel and of waiting ticket requests. */
const [PARALLEL, WAITING] = [32, 1024];
/** Limits of one request to the authorization server and of one decision, in milliseconds. */
const [TIMEOUT, DEADLINE] = [10_000, 20_000];

@Controller('albums')
@UseGuards(UmaGuard)
class AlbumsController {
  @Get()
  @UmaProtected({ scopes: ['view'] })
  list(): string {
    return 'the albums';
  }

  @Delete()
  removeAll(): string {
    return 'removed';
  }
}

interface Reply {
  readonly status: number;
  readonly challenge?: string;
}

let as: FakeAs;
let running: RunningApp;
let agent: Agent;
let origin: string;
/** Number of requests that the application has received. */
let arrived: number;

beforeAll(async () => {
  as = await FakeAs.start();
});
afterAll(() => as.close());
beforeEach(async () => {
  as.reset();
  agent = new Agent({ keepAlive: true });
  const options = { timeout: TIMEOUT, store: new MemoryStore() };
  running = await startApp({
    imports: [embeddedOxdModule({ op_host: as.issuer, ...RS }, options)],
    controllers: [AlbumsController],
  });
  origin = await running.app.getUrl();
  arrived = 0;
  (running.app.getHttpServer() as Server).on('request', () => (arrived += 1));
  await send();
});
afterEach(async () => {
  agent.destroy();
  await running.close();
});

function send(authorization?: string, method = 'GET'): Promise<Reply> {
  const headers = authorization === undefined ? {} : { authorization };
  return new Promise((resolve, reject) => {
    const sent = request(`${origin}/albums`, { agent, method, headers }, (response) => {
      const { statusCode = 0, headers: received } = response;
      response.resume().on('end', () => {
        resolve({ status: statusCode, challenge: received['www-authenticate'] });
      });
    });
    sent.on('error', reject).end();
  });
}

/** Sends requests at once and waits until all have arrived; their replies come later. */
async function crowd(size: number): Promise<Promise<Reply>[]> {
  const replies: Promise<Reply>[] = [];
  const end = arrived + size;
  while (replies.length < size) {
    replies.push(send());
    // The queue of the operating system for new connections is short.
    if (replies.length % 100 === 0) while (arrived < end - size + replies.length) await settled();
  }
  while (arrived < end) await settled();
  return replies;
}

/** Sends requests, 50 at once. */
async function series(size: number, ...asked: Parameters<typeof send>): Promise<Reply[]> {
  const replies: Reply[] = [];
  while (replies.length < size) {
    const some = Array.from({ length: 50 }, () => send(...asked));
    replies.push(...(await Promise.all(some)));
  }
  return replies;
}

/** Number of responses of each status. */
function statuses(replies: readonly Reply[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of replies) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** Warnings about requests: the one about the undeclared route belongs to the start. */
function warnings(): string[] {
  const lines = [...running.log.with('warn', ''), ...running.log.with('error', '')];
  return lines.filter((line) => !line.startsWith('warn: Denied, because'));
}

describe('UmaGuard under load', () => {
  const underWay = async (count: number): Promise<void> => {
    while (as.seen('permission').length < count) await settled();
  };

  it('sends 32 ticket requests at a time, and rejects requests beyond 1056 with one log line', async () => {
    const before = as.seen('permission').length;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    as.on('permission', async (seen) => {
      await released;
      return as.usual('permission', seen);
    });
    const waiting = await crowd(PARALLEL + WAITING);
    const rejected = await crowd(100);
    expect(statuses(await Promise.all(rejected))).toEqual({ 503: 100 });
    expect(as.seen('permission')).toHaveLength(before + PARALLEL);
    release();
    const replies = await Promise.all(waiting);
    expect(statuses(replies)).toEqual({ 401: PARALLEL + WAITING });
    expect(new Set(replies.map(({ challenge }) => challenge)).size).toBe(PARALLEL + WAITING);
    expect(as.seen('permission')).toHaveLength(before + PARALLEL + WAITING);
    expect(warnings()).toHaveLength(1);
  });

  it('denies 1000 requests at a silent authorization server after 64 ticket requests', async () => {
    const before = as.seen('permission').length;
    as.on('permission', { hang: true });
    const replies = await crowd(1000);
    await underWay(before + PARALLEL);
    await running.clock.advance(TIMEOUT);
    await underWay(before + 2 * PARALLEL);
    await running.clock.advance(DEADLINE - TIMEOUT);
    expect(statuses(await Promise.all(replies))).toEqual({ 403: 1000 });
    expect(as.seen('permission')).toHaveLength(before + 2 * PARALLEL);
    expect(warnings()).toEqual([
      expect.stringContaining('403 UMA_SERVER_UNREACHABLE, OXD_COMMAND_FAILED'),
      expect.stringContaining('403 UMA_SERVER_UNREACHABLE, no decision in 20000 ms'),
    ]);
  });

  it('sends one ticket request per denial with a challenge, and logs other denials once', async () => {
    const before = as.seen('permission').length;
    const rpt = as.rpt();
    expect(statuses(await series(1000))).toEqual({ 401: 1000 });
    expect(statuses(await series(1000, `Bearer ${rpt}`))).toEqual({ 401: 1000 });
    expect(as.seen('permission')).toHaveLength(before + 2000);
    // Concurrent checks of one RPT share an introspection.
    const introspections = as.seen('rpt').length;
    expect(introspections).toBeLessThanOrEqual(1000);
    expect(introspections).toBeGreaterThan(0);
    expect(warnings()).toEqual([]);
    expect(statuses(await series(1000, 'Bearer'))).toEqual({ 400: 1000 });
    expect(statuses(await series(1000, `Bearer ${rpt}`, 'DELETE'))).toEqual({ 403: 1000 });
    expect(as.seen('permission')).toHaveLength(before + 2000);
    expect(as.seen('rpt')).toHaveLength(introspections);
    expect(warnings()).toEqual([
      'warn: AlbumsController.list: 400 UMA_INVALID_CREDENTIALS, an empty or malformed token',
      'warn: AlbumsController.removeAll is behind UmaGuard without @UmaProtected or @UmaPublic.',
    ]);
  });
});
