import { AccessTokens, API } from '../../support/access-tokens.js';
import { limitEndedBy, rejectionOf, TestTransport } from '../../support/embedded-transport.js';
import { FakeOp, type Answer } from '../../support/fake-op.js';
import { ManualClock } from '../../support/manual-clock.js';
import { registerSecret } from '../../support/secrets.js';

let op: FakeOp;
let tokens: AccessTokens;
let clock: ManualClock;
let transport: TestTransport;
let oxd_id: string;

beforeAll(async () => {
  op = await FakeOp.start();
});
afterAll(() => op.close());
beforeEach(async () => {
  op.reset();
  clock = new ManualClock();
  op.clock = clock.now;
  tokens = new AccessTokens(op);
  transport = new TestTransport({ clock: clock.now });
  oxd_id = await transport.site(op);
  op.requests.length = 0;
});
afterEach(() => TestTransport.closeAll());

const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const verify = (access_token: string, by = transport) =>
  by.run('introspect_access_token', { oxd_id, access_token, audience: [API] });
const unknown = (kid: string) => tokens.sign({ header: { kid } });
const requests = () => [op.seen('discovery').length, op.seen('jwks').length];
const usual = (endpoint: 'jwks' | 'discovery') => op.on(endpoint, (seen) => op.usual(seen));

const FAULTS: readonly { readonly name: string; readonly answer: Answer }[] = [
  { name: 'responds with 500', answer: { status: 500, text: '' } },
  { name: 'closes the connection', answer: { drop: true } },
  { name: 'responds with HTML', answer: { text: '<html></html>' } },
  { name: 'responds with a list', answer: { json: [] } },
  { name: 'redirects', answer: { status: 302, headers: { location: '/jwks2' }, text: '' } },
  { name: 'responds with 100 MB', answer: { text: `{"keys":[],"x":"${'x'.repeat(1e8)}"}` } },
];

describe('the keys of access tokens', () => {
  it('are requested once for 1000 tokens at the same time', async () => {
    const token = await tokens.sign();
    const results = await Promise.all(Array.from({ length: 1000 }, () => verify(token)));
    expect(results.every(({ active }) => active)).toBe(true);
    expect(requests()).toEqual([0, 1]);
  });

  it('are requested once for 1000 tokens at the same time after the discovery has expired', async () => {
    await verify(await tokens.sign());
    await clock.advance(600_000);
    const token = await tokens.sign();
    op.requests.length = 0;
    await Promise.all(Array.from({ length: 1000 }, () => verify(token)));
    expect(requests()).toEqual([1, 1]);
  });

  it.each(FAULTS)(
    'are unavailable while their endpoint $name, and used afterwards',
    async (fault) => {
      op.on('jwks', fault.answer);
      for (let times = 0; times < 2; times++) {
        const error = await rejectionOf(verify(await tokens.sign()));
        expect(error).toMatchObject({ code: 'OXD_COMMAND_FAILED' });
      }
      usual('jwks');
      expect(await verify(await tokens.sign())).toMatchObject({ active: true });
    },
  );

  it.each(FAULTS)(
    'are unavailable while the discovery $name, and used afterwards',
    async (fault) => {
      await clock.advance(600_000);
      op.on('discovery', fault.answer);
      const error = await rejectionOf(verify(await tokens.sign()));
      expect(error).toMatchObject({ code: 'OXD_COMMAND_FAILED' });
      usual('discovery');
      expect(await verify(await tokens.sign())).toMatchObject({ active: true });
    },
  );

  it.each(['jwks', 'discovery'] as const)(
    'are unavailable while %s does not respond',
    async (at) => {
      const limited = new TestTransport({ store: transport.store, ...limitEndedBy(op) });
      op.on(at, { hang: true });
      const error = await rejectionOf(verify(await tokens.sign(), limited));
      expect(error.message).toContain('5000 ms');
      usual(at);
      expect(await verify(await tokens.sign(), limited)).toMatchObject({ active: true });
    },
  );
});

describe('a rotated key', () => {
  beforeEach(async () => {
    await verify(await tokens.sign());
    op.requests.length = 0;
    await op.rotate(`rotated ${Math.random()}`);
  });

  it('is looked up once for 100 tokens at the same time', async () => {
    const token = await tokens.sign();
    const results = await Promise.all(Array.from({ length: 100 }, () => verify(token)));
    expect(results.every(({ active }) => active)).toBe(true);
    expect(requests()).toEqual([1, 1]);
  });

  it.each(['jwks', 'discovery'] as const)(
    'is unavailable while %s fails, and looked up again after 30 s',
    async (endpoint) => {
      const token = await tokens.sign();
      op.on(endpoint, { status: 500, text: '' });
      for (const wait of [0, 29_999]) {
        await clock.advance(wait);
        await rejectionOf(verify(token));
      }
      expect(op.seen(endpoint)).toHaveLength(1);
      usual(endpoint);
      await clock.advance(1);
      expect(await verify(token)).toMatchObject({ active: true });
    },
  );
});

describe('a known key', () => {
  it('is not used for another alg of its kid', async () => {
    const token = await tokens.sign();
    expect(await verify(token)).toMatchObject({ active: true });
    const { alg, kid } = op.key;
    const [, payload, signature] = token.split('.');
    for (const other of ['ES384', 'EdDSA']) {
      expect(other).not.toBe(alg);
      const header = base64url({ alg: other, typ: 'at+jwt', kid });
      const changed = [header, payload, signature].join('.');
      registerSecret(changed);
      expect(await verify(changed)).toMatchObject({ active: false });
    }
    expect(await verify(token)).toMatchObject({ active: true });
  });

  it('is not used for a token with a list as kid', async () => {
    const { kid } = op.key;
    await verify(await tokens.sign());
    const list = await tokens.sign({ header: { kid: [kid] } });
    expect(await verify(list)).toMatchObject({ active: false });
  });

  it('ends with the discovery after the provider has replaced it under the same kid', async () => {
    const { kid } = op.key;
    const long = { claims: { exp: Math.floor(clock.now() / 1000) + 3600 } };
    const before = await tokens.sign(long);
    expect(await verify(before)).toMatchObject({ active: true });
    await op.rotate(kid);
    const after = await tokens.sign(long);
    expect(await verify(after)).toMatchObject({ active: false });
    await clock.advance(600_000);
    expect(await verify(after)).toMatchObject({ active: true });
    expect(await verify(before)).toMatchObject({ active: false });
  });
});

describe('an unknown key', () => {
  it('is looked up once, and then none for 30 s, whatever kid a token has', async () => {
    await verify(await tokens.sign());
    op.requests.length = 0;
    for (const kid of ['x1', 'x1', 'x2', 'x3']) {
      expect(await verify(await unknown(kid))).toEqual({
        active: false,
        reason: 'the provider has no key with its kid for its alg',
      });
    }
    await clock.advance(29_999);
    await verify(await unknown('x4'));
    expect(requests()).toEqual([1, 1]);
    await clock.advance(1);
    await verify(await unknown('x5'));
    expect(requests()).toEqual([2, 2]);
  });

  it('is rejected once the keys are available again', async () => {
    op.on('jwks', { status: 500, text: '' });
    await rejectionOf(verify(await tokens.sign()));
    usual('jwks');
    for (const kid of ['x1', 'x2']) {
      expect(await verify(await unknown(kid))).toMatchObject({ active: false });
    }
  });

  it('of a token of another issuer is not looked up', async () => {
    await verify(await tokens.sign());
    op.requests.length = 0;
    const claims = { iss: 'https://other.example' };
    const foreign = await tokens.sign({ header: { kid: 'x' }, claims });
    expect(await verify(foreign)).toMatchObject({ active: false });
    expect(requests()).toEqual([0, 0]);
  });

  it('does not end the use of the known keys when its look-up fails', async () => {
    const token = await tokens.sign();
    await verify(token);
    for (const endpoint of ['jwks', 'discovery'] as const) {
      op.on(endpoint, { status: 500, text: '' });
      await rejectionOf(verify(await unknown('x')));
      await rejectionOf(verify(await unknown('x')));
      expect(await verify(token)).toMatchObject({ active: true });
      usual(endpoint);
      await clock.advance(30_000);
    }
    expect(await verify(await unknown('x'))).toMatchObject({ active: false });
    expect(await verify(await unknown('x'))).toMatchObject({ active: false });
  });

  it('does not delay tokens of the known keys during its look-up', async () => {
    const token = await tokens.sign();
    await verify(token);
    let release: () => void = () => undefined;
    op.on('jwks', async (seen) => {
      await new Promise<void>((resolve) => (release = resolve));
      return op.usual(seen);
    });
    const looking = verify(await unknown('x'));
    while (op.seen('jwks').length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(await verify(token)).toMatchObject({ active: true });
    release();
    expect(await looking).toMatchObject({ active: false });
  });
});
