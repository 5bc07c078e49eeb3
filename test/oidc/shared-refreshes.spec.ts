import { jest } from '@jest/globals';
import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import {
  MemoryStore,
  OxdCommandError,
  OxdStoreError,
  OxdTransportError,
  type OidcService,
  type OxdModuleOptions,
  type OxdStore,
} from '../../lib/index.js';
import { ScriptedTransport } from '../../lib/testing/testing.js';
import { closing } from '../support/closing.js';
import { ManualClock, settled } from '../support/manual-clock.js';
import { startService } from '../support/oidc-service.js';
import { registerSecret } from '../support/secrets.js';
import { SharedStore } from '../support/shared-store.js';

const command = 'get_access_token_by_refresh_token';
const refresh_token = 'refresh-token-of-alice';
const SECRET = 'a first secret of more than 32 characters';
const NEW_SECRET = 'a newer secret of more than 32 characters';
registerSecret(refresh_token);

/** Application with several replicas: one provider, one store, one clock. */
class Application {
  readonly clock = new ManualClock();
  readonly store = new SharedStore(() => this.clock.now());
  readonly transport = new ScriptedTransport({ [command]: () => this.issue() });
  /** Ends the requests at the provider; without it they end at once. */
  private release: (() => void) | undefined;
  private released: Promise<void> | undefined;
  private issued = 0;

  async replica(options: Partial<OxdModuleOptions> = {}): Promise<OidcService> {
    const site = { op_host: 'https://op.example.com', oxd_id: 'site-1', ...options.site };
    const { store, transport } = this;
    const given = { secret: SECRET, store, transport, ...options, site };
    const { oidc } = closing(await startService(given, this.clock));
    return oidc;
  }

  /** Number of requests for new tokens. */
  get requests(): number {
    return this.transport.calls.length;
  }

  /** Lets the provider respond only after {@link respond}. */
  hold(): void {
    this.released = new Promise((resolve) => (this.release = resolve));
  }

  respond(): void {
    this.release?.();
  }

  failWith(error: Error): void {
    this.transport.script({
      [command]: async () => {
        await this.released;
        throw error;
      },
    });
  }

  private async issue() {
    await this.released;
    const [access_token, next] = [`access-token-${(this.issued += 1)}`, `refresh-${this.issued}`];
    [access_token, next].forEach(registerSecret);
    return { access_token, refresh_token: next };
  }
}

let application: Application;
beforeEach(() => {
  application = new Application();
});

function refresh(oidc: OidcService, token = refresh_token) {
  return oidc.getAccessTokenByRefreshToken({ refresh_token: token });
}

/** Starts a refresh at one replica and, while it runs, at others; then the provider responds. */
async function concurrent(one: OidcService, ...others: OidcService[]) {
  application.hold();
  const first = refresh(one);
  await settled();
  const all = Promise.allSettled([first, ...others.map((oidc) => refresh(oidc))]);
  await settled();
  application.respond();
  await first.catch(() => undefined);
  // Time until the waiting replicas read the store.
  await application.clock.advance(100);
  return all;
}

describe('replicas with one secret and one store', () => {
  it('send one refresh request for concurrent calls and return one result', async () => {
    const [one, other] = [await application.replica(), await application.replica()];
    const [first, second] = await concurrent(one, other);
    expect(first).toMatchObject({ value: { access_token: 'access-token-1' } });
    expect(second).toEqual(first);
    expect(application.requests).toBe(1);
  });

  it('send one refresh request for 64 calls at four replicas', async () => {
    const one = await application.replica();
    const replicas = await Promise.all([2, 3, 4].map(() => application.replica()));
    const others = replicas.flatMap((oidc) => Array.from({ length: 21 }, () => oidc));
    const [first, ...rest] = await concurrent(one, ...others);
    expect(rest).toEqual(others.map(() => first));
    expect(application.requests).toBe(1);
  });

  it('share a result for 10 seconds, also one that was read from the store', async () => {
    const [one, other] = [await application.replica(), await application.replica()];
    const first = await refresh(one);
    await application.clock.advance(9_999);
    expect(await refresh(other)).toEqual(first);
    expect(await refresh(one)).toEqual(first);
    await application.clock.advance(1);
    expect(await refresh(other)).not.toEqual(first);
    expect(application.requests).toBe(2);
  });

  it('share the error code of a rejected refresh, and send the token again after a second', async () => {
    const [one, other] = [await application.replica(), await application.replica()];
    const wire = { error: 'invalid_grant', error_description: 'Token is not active' };
    application.failWith(new OxdCommandError('rejected', wire, { mayHaveRun: true }));
    const [first, second] = await concurrent(one, other);
    const reason = { code: 'OXD_COMMAND_FAILED', mayHaveRun: true, message: 'rejected', ...wire };
    expect(first).toMatchObject({ reason });
    expect(second).toMatchObject({ reason: expect.any(OxdCommandError) });
    expect(second).toMatchObject({ reason });
    expect(application.requests).toBe(1);
    await application.clock.advance(1_000);
    await expect(refresh(other)).rejects.toThrow('rejected');
    expect(application.requests).toBe(2);
  });

  it.each([
    {
      name: 'OxdTransportError',
      error: new OxdTransportError('OXD_TRANSPORT_CLOSED', 'closed', { mayHaveRun: true }),
      expected: { code: 'OXD_TRANSPORT_CLOSED', message: 'closed', mayHaveRun: true },
    },
    {
      name: 'OxdTransportError of a request that was not sent',
      error: new OxdTransportError('OXD_TRANSPORT_UNREACHABLE', 'unreachable'),
      expected: { code: 'OXD_TRANSPORT_UNREACHABLE', message: 'unreachable', mayHaveRun: false },
    },
    {
      name: 'OxdStoreError',
      error: new OxdStoreError('down'),
      expected: { code: 'OXD_STORE_UNAVAILABLE', message: 'down', mayHaveRun: false },
    },
    {
      name: 'error of another kind without its message',
      error: new TypeError('a bug'),
      expected: {
        code: 'OXD_STORE_UNAVAILABLE',
        message: 'The refresh of another replica failed.',
        mayHaveRun: true,
      },
    },
  ])('share an $name', async ({ error, expected }) => {
    const [one, other] = [await application.replica(), await application.replica()];
    application.failWith(error);
    const [, second] = await concurrent(one, other);
    expect(second).toMatchObject({ status: 'rejected', reason: expected });
    expect(application.requests).toBe(1);
  });

  it('end a refresh after 60 seconds', async () => {
    const [one, other] = [await application.replica(), await application.replica()];
    application.hold();
    const first = Promise.allSettled([refresh(one)]);
    await settled();
    const second = Promise.allSettled([refresh(other)]);
    await settled();
    await application.clock.advance(60_000);
    const reason = { code: 'OXD_TRANSPORT_TIMEOUT', mayHaveRun: true };
    expect(await first).toMatchObject([{ reason }]);
    await application.clock.advance(100);
    expect(await second).toMatchObject([{ reason }]);
    expect(application.requests).toBe(1);
  });
});

describe('a replica that waits', () => {
  it('rejects when the result could not be stored, and never sends the token itself', async () => {
    const [one, other] = [await application.replica(), await application.replica()];
    application.store.set = () => Promise.reject<never>(new Error('down'));
    application.hold();
    const first = refresh(one);
    await settled();
    const second = Promise.allSettled([refresh(other)]);
    await settled();
    application.respond();
    const result = await first;
    expect(await refresh(one)).toEqual(result);
    // Lifetime of the record of a running refresh.
    await application.clock.advance(70_000);
    const reason = { code: 'OXD_STORE_UNAVAILABLE', mayHaveRun: true };
    expect(await second).toMatchObject([{ reason }]);
    expect(application.requests).toBe(1);
  });

  it('ends in a store that ignores lifetimes', async () => {
    const [one, other] = [await application.replica(), await application.replica()];
    const { store } = application;
    const add = store.add.bind(store);
    store.add = (key, value) => add(key, value, Number.MAX_SAFE_INTEGER);
    store.set = () => Promise.reject<never>(new Error('down'));
    await refresh(one);
    const waiting = Promise.allSettled([refresh(other)]);
    await settled();
    await application.clock.advance(70_200);
    expect(await waiting).toMatchObject([{ reason: { code: 'OXD_STORE_UNAVAILABLE' } }]);
    expect(application.requests).toBe(1);
  });

  it.each([
    { name: 'a string', value: 'no JWE' },
    { name: 'an object', value: { result: { access_token: 'forged' } } },
    { name: 'a list', value: ['running:'] },
  ])('rejects $name in the store that no replica sealed', async ({ value }) => {
    const [one, other] = [await application.replica(), await application.replica()];
    await refresh(one);
    const [record] = application.store.writtenTo('refresh:');
    await application.store.set(record?.key ?? '', value, 10_000);
    await expect(refresh(other)).rejects.toMatchObject({ code: 'OXD_STORE_UNAVAILABLE' });
    expect(application.requests).toBe(1);
  });

  it('rejects a result that was moved to the key of another refresh token', async () => {
    const [one, other] = [await application.replica(), await application.replica()];
    await refresh(one);
    await refresh(one, 'refresh-token-of-mallory');
    const [alice, mallory] = application.store
      .writtenTo('refresh:')
      .filter(({ ttl }) => ttl === 10_000);
    await application.store.set(alice?.key ?? '', mallory?.value, 10_000);
    await expect(refresh(other)).rejects.toMatchObject({ code: 'OXD_STORE_UNAVAILABLE' });
  });

  it('rejects a result that was written again more than a minute later', async () => {
    const [one, other] = [await application.replica(), await application.replica()];
    await refresh(one);
    const [, result] = application.store.writtenTo('refresh:');
    await application.clock.advance(70_001);
    await application.store.set(result?.key ?? '', result?.value, 10_000);
    await expect(refresh(other)).rejects.toMatchObject({ code: 'OXD_STORE_UNAVAILABLE' });
    expect(application.requests).toBe(1);
  });
});

describe('the store of shared refreshes', () => {
  it('contains no token, and no key that verifies a guess of the token without the secret', async () => {
    await refresh(await application.replica());
    const [{ access_token }] = [await refresh(await application.replica())];
    const written = application.store.writtenTo('refresh:');
    const text = JSON.stringify(written);
    expect(written.length).toBeGreaterThan(0);
    for (const token of [refresh_token, access_token, 'refresh-1']) {
      expect(text).not.toContain(token);
      for (const encoding of ['hex', 'base64', 'base64url'] as const) {
        const hash = createHash('sha256').update(token).digest(encoding);
        expect(text).not.toContain(hash);
      }
    }
    const call = JSON.stringify([null, refresh_token, undefined]);
    expect(text).not.toContain(createHash('sha256').update(call).digest('base64url'));
  });

  it('is used by a service that prints neither secret nor tokens', async () => {
    const oidc = await application.replica();
    const { access_token } = await refresh(oidc);
    const printed = inspect(oidc, { depth: 10, showHidden: true });
    for (const hidden of [SECRET, refresh_token, access_token]) {
      expect(printed).not.toContain(hidden);
    }
  });

  it('contains records with a lifetime only', async () => {
    await refresh(await application.replica());
    application.failWith(new OxdCommandError('rejected', { error: 'invalid_grant' }));
    await expect(refresh(await application.replica(), 'revoked')).rejects.toThrow('rejected');
    const lifetimes = application.store.writtenTo('refresh:').map(({ ttl }) => ttl);
    expect(lifetimes).toEqual([70_000, 10_000, 70_000, 1_000]);
  });

  it.each(['add', 'get'] as const)('is unavailable (%s): no request is sent', async (method) => {
    const [one, other] = [await application.replica(), await application.replica()];
    if (method === 'get') await refresh(one);
    application.store[method] = () => Promise.reject<never>(new Error('down'));
    const sent = application.requests;
    await expect(refresh(other)).rejects.toMatchObject({ code: 'OXD_STORE_UNAVAILABLE' });
    expect(application.requests).toBe(sent);
  });

  it('keeps no record of a call whose add() failed after it had taken effect', async () => {
    const [one, other] = [await application.replica(), await application.replica()];
    const { store } = application;
    const add = store.add.bind(store);
    store.add = async (key, value, ttl) => {
      await add(key, value, ttl);
      throw new Error('no response');
    };
    await expect(refresh(one)).rejects.toMatchObject({ code: 'OXD_STORE_UNAVAILABLE' });
    store.add = add;
    await refresh(other);
    expect(application.requests).toBe(1);
  });

  it('keeps the record of another replica when add() fails', async () => {
    const [one, other, third] = [
      await application.replica(),
      await application.replica(),
      await application.replica(),
    ];
    const first = await refresh(one);
    const { store } = application;
    const add = store.add.bind(store);
    store.add = () => Promise.reject<never>(new Error('down'));
    await expect(refresh(other)).rejects.toMatchObject({ code: 'OXD_STORE_UNAVAILABLE' });
    store.add = add;
    expect(await refresh(third)).toEqual(first);
    expect(application.requests).toBe(1);
  });
});

describe('secrets of replicas that share refreshes', () => {
  it.each([
    { name: 'the old secret, while the new one is added', secret: SECRET },
    { name: 'the new secret, while the old one is removed', secret: NEW_SECRET },
    { name: 'the same secrets in another order', secret: [SECRET, NEW_SECRET] },
    { name: 'a secret twice', secret: [NEW_SECRET, NEW_SECRET] },
  ])('include $name', async ({ secret }) => {
    const one = await application.replica({ secret: [NEW_SECRET, SECRET] });
    const other = await application.replica({ secret });
    const [first, second] = await concurrent(one, other);
    expect(first).toMatchObject({ status: 'fulfilled' });
    expect(second).toEqual(first);
    const result = await refresh(other, 'another refresh token');
    expect(await refresh(one, 'another refresh token')).toEqual(result);
    expect(application.requests).toBe(2);
  });

  it('in another order never make two replicas wait for each other', async () => {
    const one = await application.replica({ secret: [NEW_SECRET, SECRET] });
    const other = await application.replica({ secret: [SECRET, NEW_SECRET] });
    const both = Promise.all([refresh(one), refresh(other)]);
    while (application.requests === 0) await new Promise(setImmediate);
    await settled();
    while (application.clock.waiting.includes(100)) await application.clock.advance(100);
    const [first, second] = await both;
    expect(second).toEqual(first);
    expect(application.requests).toBe(1);
  });

  it('differ: another secret finds and opens no result', async () => {
    const one = await application.replica();
    const other = await application.replica({ secret: NEW_SECRET });
    const first = await refresh(one);
    expect(await refresh(other)).not.toEqual(first);
    const results = application.store.writtenTo('refresh:').filter(({ ttl }) => ttl === 10_000);
    expect(results).toHaveLength(2);
    expect(new Set(results.map(({ key }) => key)).size).toBe(2);
    await application.store.set(results[1]?.key ?? '', results[0]?.value, 10_000);
    const third = await application.replica({ secret: NEW_SECRET });
    await expect(refresh(third)).rejects.toMatchObject({ code: 'OXD_STORE_UNAVAILABLE' });
  });
});

describe('modules of different sites with one secret and one store', () => {
  it.each([
    { name: 'provider', site: { op_host: 'https://other.example.com' } },
    { name: 'client name', site: { op_host: 'https://op.example.com', client_name: 'another' } },
  ])('share no refresh with another $name', async ({ site }) => {
    const one = await application.replica();
    const other = await application.replica({
      site: { ...site, authorization_redirect_uri: 'https://app.example.com/callback' },
    });
    expect(await refresh(other)).not.toEqual(await refresh(one));
    expect(application.requests).toBe(2);
  });
});

describe('refreshes stay in the process', () => {
  const now = () => application.clock.now();
  class WithoutAdd extends SharedStore {
    override add = undefined as never;
  }

  it.each([
    { name: 'with a random secret', options: () => ({ secret: undefined }) },
    { name: 'with a store without add()', options: () => ({ store: new WithoutAdd(now) }) },
    { name: 'with a MemoryStore', options: () => ({ store: new MemoryStore() }) },
  ])('$name', async ({ options }) => {
    const given: Partial<OxdModuleOptions> = options();
    const { store = application.store } = given as { store?: OxdStore };
    const written = jest.spyOn(store, 'set');
    const one = await application.replica(given);
    const other = await application.replica(given);
    expect(await refresh(other)).not.toEqual(await refresh(one));
    const keys = written.mock.calls.map(([key]) => key);
    expect(keys.filter((key) => key.startsWith('refresh:'))).toEqual([]);
  });
});
