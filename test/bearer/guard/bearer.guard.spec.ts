import {
  All,
  Controller,
  Get,
  NotFoundException,
  Post,
  UseGuards,
  type ExecutionContext,
  type Type,
} from '@nestjs/common';
import {
  BearerGuard,
  BearerProtected,
  BearerPublic,
  OxdTransportError,
  type AccessTokenClaims,
  type BearerProtectedOptions,
  type BearerScopes,
  type OxdModuleOptions,
} from '../../../lib/index.js';
import { AUDIENCE, outcomeOf, startBearerApp, type BearerApp } from '../../support/bearer-app.js';
import { closing } from '../../support/closing.js';
import { settled } from '../../support/manual-clock.js';
import { secretsIn } from '../../support/secrets.js';
import { ADAPTERS, token, type Adapter } from '../../support/uma-app.js';

const REALM = 'realm="photos.example.com:8443"';

/** A controller with one protected route, `GET /albums`. */
function albums(options?: BearerProtectedOptions): Type {
  @Controller('albums')
  @UseGuards(BearerGuard)
  class Albums {
    @Get() @BearerProtected(options) list(): string {
      return 'ran';
    }
  }
  return Albums;
}

interface Given {
  readonly adapter: Adapter;
  readonly required?: BearerProtectedOptions;
  readonly bearer?: OxdModuleOptions['bearer'];
}

async function start({ adapter, required, bearer }: Given): Promise<BearerApp> {
  return closing(await startBearerApp({ adapter, controllers: [albums(required)], bearer }));
}

const roles = ({ roles: claim }: AccessTokenClaims) => claim as string[];

interface Row {
  readonly name: string;
  readonly required?: BearerProtectedOptions;
  /** Claims of the token; undefined sends no token. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly bearer?: OxdModuleOptions['bearer'];
}

interface Denied extends Row {
  readonly status: number;
  readonly error: string;
  readonly challenge?: string;
  readonly log: string;
}

const SECOND = Math.floor(Date.now() / 1000);

const granted: readonly Row[] = [
  { name: 'a valid token', claims: {} },
  { name: 'all scopes', required: { scopes: ['a', 'b'] }, claims: { scope: 'b c a' } },
  { name: 'scopes in scp', required: { scopes: ['a'] }, claims: { scp: ['a'] } },
  { name: 'one of the roles', required: { roles: ['x', 'y'] }, claims: { roles: ['y'] } },
  {
    name: 'all roles',
    required: { roles: { all: ['x', 'y'] } },
    claims: { roles: ['y', 'z', 'x'] },
  },
  { name: 'one of acr_values', required: { acr_values: ['1', '2'] }, claims: { acr: '2' } },
  {
    name: 'a recent authentication',
    required: { max_age: 300 },
    claims: { auth_time: SECOND - 290 },
  },
  {
    name: 'an authentication within the tolerance',
    required: { max_age: 0 },
    claims: { auth_time: SECOND - 25 },
  },
];

const scopes = { scopes: ['edit', 'view'] };
const insufficient = (rest: string): string => `Bearer ${REALM}, error="insufficient_${rest}`;
const RESOURCE = { resource: 'https://photos.example.com/api' };
const METADATA =
  'resource_metadata="https://photos.example.com/.well-known/oauth-protected-resource/api"';

const denied: readonly Denied[] = [
  {
    name: 'no token',
    status: 401,
    error: 'BEARER_TOKEN_REQUIRED',
    challenge: `Bearer ${REALM}`,
    log: 'debug: Albums.list: 401 BEARER_TOKEN_REQUIRED, no access token',
  },
  {
    name: 'no token, with bearer.resource and scopes',
    required: scopes,
    bearer: RESOURCE,
    status: 401,
    error: 'BEARER_TOKEN_REQUIRED',
    challenge: `Bearer ${REALM}, scope="edit view", ${METADATA}`,
    log: 'debug: Albums.list: 401 BEARER_TOKEN_REQUIRED, no access token',
  },
  {
    name: 'an invalid token, with bearer.resource and scopes',
    required: scopes,
    bearer: RESOURCE,
    claims: { aud: 'another', scope: 'edit' },
    status: 401,
    error: 'BEARER_INVALID_TOKEN',
    challenge: `Bearer ${REALM}, error="invalid_token", scope="edit view", ${METADATA}`,
    log: 'warn: Albums.list: 401 BEARER_INVALID_TOKEN, rejected token: its audience',
  },
  {
    name: 'a scope of two',
    required: scopes,
    claims: { scope: 'view' },
    status: 403,
    error: 'BEARER_INSUFFICIENT_SCOPE',
    challenge: insufficient('scope", scope="edit view"'),
    log: 'warn: Albums.list: 403 BEARER_INSUFFICIENT_SCOPE, the token lacks one of the scopes edit view',
  },
  {
    name: 'no scope, no role and an old login: the scope',
    required: { ...scopes, roles: ['x'], max_age: 10 },
    claims: {},
    status: 403,
    error: 'BEARER_INSUFFICIENT_SCOPE',
    challenge: insufficient('scope", scope="edit view"'),
    log: 'warn: Albums.list: 403 BEARER_INSUFFICIENT_SCOPE, the token lacks',
  },
  {
    name: 'another role and an old login: the role',
    required: { roles: ['x', 'y'], max_age: 10 },
    claims: { roles: ['z'] },
    status: 403,
    error: 'BEARER_INSUFFICIENT_ROLE',
    log: 'warn: Albums.list: 403 BEARER_INSUFFICIENT_ROLE, the token lacks each of the roles x, y',
  },
  {
    name: 'one of two roles',
    required: { roles: { all: ['x', 'y'] } },
    claims: { roles: ['x'] },
    status: 403,
    error: 'BEARER_INSUFFICIENT_ROLE',
    log: 'warn: Albums.list: 403 BEARER_INSUFFICIENT_ROLE, the token lacks one of the roles x, y',
  },
  {
    name: 'another acr',
    required: { acr_values: ['2', '3'] },
    claims: { acr: '1' },
    status: 401,
    error: 'BEARER_STEP_UP_REQUIRED',
    challenge: insufficient('user_authentication", acr_values="2 3"'),
    log: 'debug: Albums.list: 401 BEARER_STEP_UP_REQUIRED, acr of the token is none of 2, 3',
  },
  {
    name: 'an old login',
    required: { acr_values: ['1'], max_age: 300 },
    claims: { acr: '1', auth_time: SECOND - 400 },
    status: 401,
    error: 'BEARER_STEP_UP_REQUIRED',
    challenge: insufficient('user_authentication", acr_values="1", max_age="300"'),
    log:
      'debug: Albums.list: 401 BEARER_STEP_UP_REQUIRED, auth_time of the token is missing or older ' +
      'than 300 s',
  },
];

const stepUps: readonly Row[] = [
  { name: 'no acr', required: { acr_values: ['1'] }, claims: {} },
  { name: 'acr as a list', required: { acr_values: ['1'] }, claims: { acr: ['1'] } },
  { name: 'no auth_time', required: { max_age: 300 }, claims: {} },
  { name: 'auth_time as a string', required: { max_age: 300 }, claims: { auth_time: `${SECOND}` } },
  { name: 'auth_time in the future', required: { max_age: 9 }, claims: { auth_time: SECOND + 99 } },
  { name: 'auth_time that is NaN', required: { max_age: 9 }, claims: { auth_time: NaN } },
];

describe.each(ADAPTERS)('BearerGuard on %s', (adapter) => {
  it.each(granted)('grants a request with $name', async ({ required, claims, bearer }) => {
    const app = await start({ adapter, required, bearer: { roles, ...bearer } });
    const answer = await app.ask({ path: '/albums', rpt: app.transport.accessToken(claims) });
    expect([answer.status, answer.body]).toEqual([200, 'ran']);
    expect(app.log.lines).toEqual([]);
  });

  it.each(denied)('denies a request with $name', async (row) => {
    const { required, claims, bearer, status, error, challenge, log } = row;
    const app = await start({ adapter, required, bearer: { roles, ...bearer } });
    const rpt = claims && app.transport.accessToken(claims);
    const answer = await app.ask({ path: '/albums', rpt });
    expect(outcomeOf(answer)).toEqual({ status, error, challenge });
    expect(answer.headers['cache-control']).toBe('no-store');
    const exposed = answer.headers['access-control-expose-headers'];
    expect(exposed).toBe(challenge === undefined ? undefined : 'WWW-Authenticate');
    expect(app.log.lines).toEqual([expect.stringContaining(log)]);
    expect(secretsIn(answer.body + app.log.lines.join())).toEqual([]);
  });

  it.each(stepUps)('requires a new authentication with $name', async ({ required, claims }) => {
    const app = await start({ adapter, required });
    const answer = await app.ask({ path: '/albums', rpt: app.transport.accessToken(claims) });
    expect(outcomeOf(answer)).toMatchObject({ status: 401, error: 'BEARER_STEP_UP_REQUIRED' });
  });

  it('logs rejected tokens of one reason once a minute', async () => {
    const app = await start({ adapter });
    for (let count = 0; count < 3; count++) await app.ask({ path: '/albums', rpt: token('bad') });
    expect(app.log.with('warn', 'BEARER_INVALID_TOKEN')).toHaveLength(1);
    await app.clock.advance(60_000);
    await app.ask({ path: '/albums', rpt: token('bad') });
    expect(app.log.with('warn', '(2 more since the last such line)')).toHaveLength(1);
  });
});

describe.each(ADAPTERS)('roles of BearerGuard on %s', (adapter) => {
  const throwing = (): never => {
    throw new TypeError('secret-claim-value');
  };

  it.each<{ name: string; result: () => unknown; reason: string }>([
    { name: 'throws', result: throwing, reason: 'bearer.roles threw TypeError' },
    { name: 'returns nothing', result: () => undefined, reason: 'bearer.roles returned no list' },
    { name: 'returns a string', result: () => 'x', reason: 'bearer.roles returned no list' },
    {
      name: 'returns a set',
      result: () => new Set(['x']),
      reason: 'bearer.roles returned no list',
    },
    {
      name: 'returns a promise',
      result: () => Promise.resolve(['x']),
      reason: 'bearer.roles returned no list',
    },
    {
      name: 'returns a promise that is rejected',
      result: () => Promise.reject(new Error('secret-claim-value')),
      reason: 'bearer.roles returned no list',
    },
    { name: 'returns lists in a list', result: () => [['x']], reason: 'the token lacks each' },
    { name: 'returns an empty list', result: () => [], reason: 'the token lacks each' },
  ])('denies a request when the function $name', async ({ result, reason }) => {
    const bearer = { roles: result as () => string[] };
    const app = await start({ adapter, required: { roles: ['x'] }, bearer });
    const answer = await app.ask({ path: '/albums', rpt: app.transport.accessToken() });
    expect(outcomeOf(answer)).toMatchObject({ status: 403, error: 'BEARER_INSUFFICIENT_ROLE' });
    expect(app.log.lines).toEqual([expect.stringContaining(reason)]);
    expect(app.log.lines.join()).not.toContain('secret-claim-value');
  });
});

describe.each(ADAPTERS)('a function of scopes on %s', (adapter) => {
  async function ask(of: unknown, scope = 'a') {
    const app = await start({ adapter, required: { scopes: of as BearerScopes } });
    const pending = app.ask({ path: '/albums?kind=a', rpt: app.transport.accessToken({ scope }) });
    return { app, pending };
  }

  const ofQuery = (context: ExecutionContext): string[] => {
    const { query } = context.switchToHttp().getRequest<{ query: { kind: string } }>();
    return [query.kind];
  };

  it.each<{ name: string; of: unknown }>([
    { name: 'synchronous', of: ofQuery },
    { name: 'asynchronous', of: async (context: ExecutionContext) => ofQuery(context) },
  ])('decides by the request if it is $name', async ({ of }) => {
    expect((await (await ask(of)).pending).status).toBe(200);
    const denial = await (await ask(of, 'b')).pending;
    expect(outcomeOf(denial)).toEqual({
      status: 403,
      error: 'BEARER_INSUFFICIENT_SCOPE',
      challenge: insufficient('scope", scope="a"'),
    });
  });

  it('causes one line a minute in the log, whatever scopes it derives from requests', async () => {
    let count = 0;
    const { app, pending } = await ask(() => [`album:${(count += 1)}`]);
    await pending;
    await app.ask({ path: '/albums', rpt: app.transport.accessToken() });
    expect(count).toBe(2);
    expect(app.log.with('warn', 'BEARER_INSUFFICIENT_SCOPE')).toHaveLength(1);
  });

  it('requires no scope by an empty list', async () => {
    expect((await (await ask(() => [])).pending).status).toBe(200);
  });

  it('is not called for an invalid token', async () => {
    let calls = 0;
    const app = await start({ adapter, required: { scopes: () => [String((calls += 1))] } });
    await app.ask({ path: '/albums', rpt: token('bad') });
    expect(calls).toBe(0);
  });

  it.each<{ name: string; of: unknown }>([
    { name: 'nothing', of: () => undefined },
    { name: 'a string', of: () => 'a' },
    { name: 'numbers', of: () => [7] },
    { name: 'an empty scope', of: () => [''] },
    { name: 'a scope with a quote', of: () => ['a"'] },
    { name: 'a promise of a string', of: async () => 'a' },
  ])('that returns $name denies the request', async ({ of }) => {
    const { app, pending } = await ask(of);
    expect(outcomeOf(await pending)).toMatchObject({ status: 403, error: 'BEARER_FORBIDDEN' });
    expect(app.log.with('warn', 'the function of scopes returned no list')).toHaveLength(1);
  });

  const notFound = (): never => {
    throw new NotFoundException();
  };
  const broken = (): never => {
    throw new Error('broken');
  };

  it.each<{ name: string; of: unknown; status: number }>([
    { name: 'throws an HTTP exception', of: notFound, status: 404 },
    { name: 'rejects with an HTTP exception', of: async () => notFound(), status: 404 },
    { name: 'throws an error', of: broken, status: 500 },
    { name: 'rejects with an error', of: async () => broken(), status: 500 },
  ])('that $name determines the response', async ({ of, status }) => {
    const answer = await (await ask(of)).pending;
    expect([answer.status, answer.body]).toEqual([status, expect.not.stringContaining('ran')]);
  });

  it('that returns nothing for 10 seconds makes access unavailable', async () => {
    const { app, pending } = await ask(() => new Promise(() => undefined));
    while (app.transport.introspections === 0) await settled();
    await settled();
    await app.clock.advance(10_000);
    const answer = await pending;
    expect(outcomeOf(answer)).toMatchObject({ status: 503, error: 'BEARER_UNAVAILABLE' });
    expect(answer.headers['retry-after']).toBe('5');
    expect(app.log.with('warn', 'function of scopes: no result in 10000 ms')).toHaveLength(1);
  });
});

describe.each(ADAPTERS)('BearerGuard without an answer about the token, on %s', (adapter) => {
  const unavailable = { status: 503, error: 'BEARER_UNAVAILABLE', challenge: undefined };

  it.each<{ name: string; reply: (secret: string) => unknown; reason: string }>([
    {
      name: 'rejects with an error of the transport',
      reply: () => new OxdTransportError('OXD_TRANSPORT_CLOSED', 'closed'),
      reason: 'OXD_TRANSPORT_CLOSED: closed',
    },
    {
      name: 'rejects with another error',
      reply: (secret) => new Error(`no answer about ${secret}`),
      reason: 'no answer about …',
    },
    { name: 'returns nothing', reply: () => () => undefined, reason: '' },
    { name: 'returns a string', reply: () => () => 'active', reason: '' },
  ])('denies with 503 when the transport $name', async ({ reply, reason }) => {
    const app = await start({ adapter });
    const rpt = app.transport.accessToken();
    app.transport.script({ introspect_access_token: reply(rpt) as Error });
    const answer = await app.ask({ path: '/albums', rpt });
    expect(outcomeOf(answer)).toEqual(unavailable);
    expect(answer.headers['retry-after']).toBe('5');
    expect(answer.headers['cache-control']).toBe('no-store');
    const [line] = app.log.with('warn', 'Albums.list: 503 BEARER_UNAVAILABLE, ');
    expect(line).toContain(reason);
    expect(secretsIn(app.log.lines.join() + answer.body)).toEqual([]);
  });

  it('denies with 503 when the transport never responds', async () => {
    const app = await start({ adapter });
    app.transport.script({ introspect_access_token: () => new Promise(() => undefined) });
    const pending = app.ask({ path: '/albums', rpt: app.transport.accessToken() });
    while (app.transport.introspections === 0) await settled();
    await app.clock.advance(60_000);
    const answer = await pending;
    expect(outcomeOf(answer)).toEqual(unavailable);
    expect(answer.headers['retry-after']).toBe('5');
  });

  it.each<{ name: string; active: unknown }>([
    { name: 'the string true', active: 'true' },
    { name: '1', active: 1 },
    { name: 'missing', active: undefined },
  ])('never grants when active is $name', async ({ active }) => {
    const app = await start({ adapter });
    const claims = { iss: 'https://as.example.com', aud: AUDIENCE, sub: 'alice' };
    app.transport.script({ introspect_access_token: { active: active as boolean, ...claims } });
    const { status } = await app.ask({ path: '/albums', rpt: app.transport.accessToken() });
    expect([401, 503]).toContain(status);
  });
});

@Controller('mixed')
@UseGuards(BearerGuard)
@BearerProtected({ scopes: ['class'] })
class Mixed {
  @Get() shared(): string {
    return 'ran';
  }
  @Get('own') @BearerProtected({ scopes: ['own'] }) own(): string {
    return 'ran';
  }
  @Get('open') @BearerPublic() open(): string {
    return 'ran';
  }
  @All('all') every(): string {
    return 'ran';
  }
}

@Controller('plain')
@UseGuards(BearerGuard)
class Plain {
  @Get() find(): string {
    return 'ran';
  }
  @Post() @BearerPublic() create(): string {
    return 'ran';
  }
}

describe.each(ADAPTERS)('declarations of BearerGuard on %s', (adapter) => {
  let app: BearerApp;
  beforeAll(async () => {
    app = await startBearerApp({ adapter, controllers: [Mixed, Plain] });
  });
  afterAll(() => app.close());
  afterEach(() => app.log.lines.splice(0));

  it.each([
    { path: '/mixed', scope: 'class', status: 200 },
    { path: '/mixed', scope: 'own', status: 403 },
    { path: '/mixed/own', scope: 'own', status: 200 },
    { path: '/mixed/own', scope: 'class', status: 403 },
    { path: '/mixed/all', scope: 'class', status: 200 },
    { path: '/mixed/all', scope: '', status: 403 },
  ])('answer $path with scope "$scope" by $status', async ({ path, scope, status }) => {
    const rpt = app.transport.accessToken({ scope });
    expect((await app.ask({ path, rpt })).status).toBe(status);
  });

  it('let a public method pass without a token, and without its check', async () => {
    expect((await app.ask('/mixed/open')).status).toBe(200);
    expect(
      (await app.ask({ path: '/mixed/open', headers: ['Authorization', 'Bearer '] })).status,
    ).toBe(200);
    expect((await app.ask({ method: 'POST', path: '/plain' })).status).toBe(201);
  });

  it.each(['GET', 'HEAD'])('apply to %s', async (method) => {
    expect((await app.ask({ method, path: '/mixed' })).status).toBe(401);
    const rpt = app.transport.accessToken({ scope: 'class' });
    expect((await app.ask({ method, path: '/mixed', rpt })).status).toBe(200);
  });

  it('log rejected tokens of one reason once for all routes', async () => {
    await app.ask({ path: '/mixed', rpt: token('bad') });
    await app.ask({ path: '/mixed/own', rpt: token('bad') });
    expect(app.log.with('warn', 'BEARER_INVALID_TOKEN')).toHaveLength(1);
  });

  it('deny an undeclared route for every token, and log it once', async () => {
    for (let count = 0; count < 2; count++) {
      const answer = await app.ask({ path: '/plain', rpt: app.transport.accessToken() });
      expect(outcomeOf(answer)).toEqual({
        status: 403,
        error: 'BEARER_FORBIDDEN',
        challenge: undefined,
      });
      expect(answer.headers['cache-control']).toBe('no-store');
    }
    expect(app.log.lines).toEqual([
      'warn: Plain.find is behind BearerGuard without @BearerProtected or @BearerPublic.',
    ]);
  });
});
