import { Controller, Get, Post, UseGuards, type ExecutionContext, type Type } from '@nestjs/common';
import {
  MemoryStore,
  OxdModule,
  OxdUser,
  Rpt,
  UmaGuard,
  UmaProtected,
  UmaService,
  type BearerOptions,
  type UmaOptions,
  type UmaPermission,
} from '../../lib/index.js';
import { DecisionPolicies } from '../support/decision-policies.js';
import { FakeAs, RS } from '../support/fake-as.js';
import type { Answer } from '../support/fake-op.js';
import { JwtRpts } from '../support/jwt-rpts.js';
import { ManualClock, settled } from '../support/manual-clock.js';
import { ADAPTERS, startApp, type Adapter, type RunningApp } from '../support/uma-app.js';

const claimsOf = (context: ExecutionContext) => {
  const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
  return { network: [headers['x-network'] ?? 'none'] };
};

const nameOf = async (context: ExecutionContext): Promise<string> => {
  const { params } = context.switchToHttp().getRequest<{ params: { name: string } }>();
  if (params.name === 'slow') return new Promise(() => undefined);
  if (params.name === 'none') return '';
  if (params.name === 'error') throw new Error('The function has failed.');
  return params.name;
};

interface Granted {
  readonly sub?: string;
  readonly permissions?: readonly UmaPermission[];
}

@Controller()
@UseGuards(UmaGuard)
class AlbumsController {
  @Get('albums')
  @UmaProtected({ scopes: ['view', 'edit'] })
  list(
    @OxdUser() user: unknown,
    @Rpt('sub') sub?: string,
    @Rpt() permissions?: readonly UmaPermission[],
  ): Granted & { user: unknown } {
    return { user, sub, permissions };
  }

  @Get('fixed')
  @UmaProtected({ scopes: ['view'], resource: 'Album' })
  fixed(): string {
    return 'fixed';
  }

  @Get('undefined')
  @UmaProtected({ scopes: ['view'], resource: 'Album', mode: undefined })
  undefinedMode(): string {
    return 'undefined';
  }

  @Get('named/:name')
  @UmaProtected({ scopes: ['view'], resource: nameOf })
  named(): string {
    return 'named';
  }

  @Get('claims')
  @UmaProtected({ scopes: ['view'], resource: 'Album', claims: claimsOf })
  claims(): string {
    return 'claims';
  }

  @Get('twice')
  @UmaProtected({ scopes: ['view'] })
  @UmaProtected({ scopes: ['view'], claims: claimsOf })
  twice(): string {
    return 'twice';
  }

  @Post('both')
  @UmaProtected({ scopes: ['view'], resource: 'Album' })
  @UmaProtected({ scopes: ['view'], resource: 'Other' })
  both(): string {
    return 'both';
  }
}

@Controller('rpt')
@UseGuards(UmaGuard)
class RptController {
  @Get(':name')
  @UmaProtected({ scopes: ['view'], resource: nameOf })
  find(): string {
    return 'found';
  }
}

let as: FakeAs;
let policies: DecisionPolicies;
let running: RunningApp;
let clock: ManualClock;
let token: string;

beforeAll(async () => {
  as = await FakeAs.start();
});
afterAll(() => as.close());
afterEach(() => running.close());

interface Options {
  readonly uma?: UmaOptions;
  readonly bearer?: BearerOptions;
  readonly requiredScopes?: 'all';
  readonly adapter?: Adapter;
  readonly controllers?: Type[];
  readonly eager?: boolean;
  /** Called before the application starts. */
  readonly prepare?: () => void;
}

/** Token of alice for this API, with other claims. */
const tokenWith = (claims: Record<string, unknown> = {}): Promise<string> =>
  new JwtRpts(as).sign(undefined, { claims: { authorization: undefined, ...claims } });

async function start(given: Options = {}) {
  const { uma, bearer, requiredScopes, adapter, eager = true, prepare } = given;
  as.reset('keycloak');
  policies = new DecisionPolicies(as);
  as.resources.set('id-1', { name: 'Album', resource_scopes: ['view'] });
  as.resources.set('id-2', { name: 'Other', resource_scopes: ['view'] });
  clock = new ManualClock();
  as.op.clock = clock.now;
  token = await tokenWith();
  policies.set(token, () => true);
  const module = OxdModule.forRoot({
    site: {
      op_host: as.issuer,
      authorization_redirect_uri: 'https://photos.example.com/callback',
      ...RS,
    },
    transport: { type: 'embedded', allowInsecureRequests: true, requiredScopes },
    secret: 'a test secret of more than 32 characters',
    store: new MemoryStore(),
    eager,
    uma: { mode: 'decision', ...uma },
    bearer,
  });
  prepare?.();
  const imports = [module];
  running = await startApp({
    adapter,
    clock,
    imports,
    controllers: given.controllers ?? [AlbumsController],
  });
}

const ask = (path: string, rpt: string | undefined = token, headers: readonly string[] = []) =>
  running.ask({ path, rpt, headers, method: path === '/both' ? 'POST' : 'GET' });

const errorOf = ({ body }: { body: string }): unknown =>
  (JSON.parse(body) as { error: unknown }).error;

describe.each(ADAPTERS)('UmaGuard in mode decision on %s', (adapter) => {
  beforeEach(() => start({ adapter }));

  it('grants with the user and the subject of the token, by one request', async () => {
    const answer = await ask('/albums');
    expect(answer.status).toBe(200);
    const { user, sub } = JSON.parse(answer.body) as Granted & { user: object };
    expect(user).toMatchObject({ sub: 'alice', claims: { iss: as.issuer, aud: RS.client_id } });
    expect(JSON.stringify(user)).not.toContain(token);
    expect(sub).toBe('alice');
    expect(policies.seen).toHaveLength(1);
    expect(as.seen('rpt', 'POST')).toHaveLength(0);
  });

  it('has the default mode for a declaration whose mode is undefined', async () => {
    expect((await ask('/undefined')).status).toBe(200);
    expect((await running.ask('/undefined')).headers['www-authenticate']).toMatch(/^Bearer /);
  });

  it('denies without a ticket', async () => {
    policies.set(token, () => false);
    const answer = await ask('/albums');
    expect([answer.status, errorOf(answer)]).toEqual([403, 'UMA_FORBIDDEN']);
    expect(answer.headers['www-authenticate']).toBeUndefined();
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(as.tickets).toHaveLength(0);
  });

  it('requires a token', async () => {
    const answer = await running.ask('/albums');
    expect([answer.status, errorOf(answer)]).toEqual([401, 'BEARER_TOKEN_REQUIRED']);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="photos.example.com"');
    expect(policies.seen).toHaveLength(0);
  });

  it.each([
    { name: 'for another API', claims: { aud: 'other-api' } },
    { name: 'without an audience', claims: { aud: undefined } },
    { name: 'of another issuer', claims: { iss: 'https://other.example.com' } },
    { name: 'that has expired', claims: { exp: 1 } },
    { name: 'that is an ID token', claims: { typ: 'ID', nonce: 'n' } },
  ])('sends a token $name nowhere', async ({ claims }) => {
    const other = await tokenWith(claims);
    policies.set(other, () => true);
    const answer = await ask('/albums', other);
    expect([answer.status, errorOf(answer)]).toEqual([401, 'BEARER_INVALID_TOKEN']);
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
    expect(policies.seen).toHaveLength(0);
  });

  it.each([
    { name: 'an empty token', headers: ['Authorization', 'Bearer '] },
    {
      name: 'two credentials',
      headers: ['Authorization', 'Bearer a', 'Authorization', 'Bearer b'],
    },
  ])('rejects $name', async ({ headers }) => {
    const answer = await running.ask({ path: '/albums', headers });
    expect([answer.status, errorOf(answer)]).toEqual([400, 'BEARER_INVALID_REQUEST']);
  });

  it.each<{ name: string; answer: Answer; status: number; error: string }>([
    {
      name: 'a logged-out user',
      answer: { status: 400, json: { error: 'invalid_grant' } },
      ...{ status: 401, error: 'BEARER_INVALID_TOKEN' },
    },
    {
      name: 'a server error',
      answer: { status: 500, json: { result: true } },
      ...{ status: 403, error: 'UMA_SERVER_UNREACHABLE' },
    },
    {
      name: 'a broken connection',
      answer: { drop: true },
      ...{ status: 403, error: 'UMA_SERVER_UNREACHABLE' },
    },
    {
      name: 'another answer with 200',
      answer: { json: { result: 'yes' } },
      ...{ status: 403, error: 'UMA_SERVER_UNREACHABLE' },
    },
    {
      name: 'an unknown resource',
      answer: { status: 400, json: { error: 'invalid_resource' } },
      ...{ status: 503, error: 'UMA_UNAVAILABLE' },
    },
    {
      name: 'an unknown scope',
      answer: { status: 400, json: { error: 'invalid_scope' } },
      ...{ status: 503, error: 'UMA_UNAVAILABLE' },
    },
  ])('denies after $name', async ({ answer, status, error }) => {
    policies.answer(answer);
    for (const path of ['/albums', '/fixed']) {
      const denied = await ask(path);
      expect([path, denied.status, errorOf(denied)]).toEqual([path, status, error]);
      const warning = denied.headers.warning as string | undefined;
      expect(warning !== undefined).toBe(error === 'UMA_SERVER_UNREACHABLE');
    }
  });

  it('denies within the time limit when the server does not respond', async () => {
    as.op.onHang = () => void clock.advance(20_000);
    policies.answer({ hang: true });
    const answer = await ask('/albums');
    expect([answer.status, errorOf(answer)]).toEqual([403, 'UMA_SERVER_UNREACHABLE']);
    expect(clock.waiting).toEqual([]);
  });

  it('does not decide on the permissions of an RPT', async () => {
    const rpt = await new JwtRpts(as).sign([as.item(as.idOf('[GET] /albums'), 'view', 'edit')]);
    policies.set(rpt, () => false);
    expect((await ask('/albums', rpt)).status).toBe(403);
  });

  it('pushes the claims of the request', async () => {
    policies.set(token, (_, __, { network }) => network?.[0] === 'office');
    expect((await ask('/claims', token, ['X-Network', 'office'])).status).toBe(200);
    expect((await ask('/claims', token, ['X-Network', 'home'])).status).toBe(403);
    expect((await ask('/fixed')).status).toBe(403);
  });

  it('needs every declaration', async () => {
    policies.set(token, (id) => id === 'id-1');
    expect((await ask('/both')).status).toBe(403);
    policies.set(token, () => true);
    expect((await ask('/both')).status).toBe(201);
  });

  it('needs a declaration with claims beside one without claims for the same path', async () => {
    policies.set(token, (_, __, { network }) => network === undefined);
    expect((await ask('/twice')).status).toBe(403);
    policies.set(token, (_, __, { network }) => network !== undefined);
    expect((await ask('/twice')).status).toBe(403);
    policies.set(token, () => true);
    expect((await ask('/twice')).status).toBe(200);
  });

  it('names the resource of a request by a function', async () => {
    policies.set(token, (id) => id === 'id-2');
    expect((await ask('/named/Other')).status).toBe(200);
    expect((await ask('/named/Album')).status).toBe(403);
    expect(errorOf(await ask('/named/missing'))).toBe('UMA_FORBIDDEN');
    expect(errorOf(await ask('/named/none'))).toBe('UMA_FORBIDDEN');
    expect((await ask('/named/error')).status).toBe(500);
    const slow = ask('/named/slow');
    for (let turn = 0; !clock.waiting.includes(10_000) && turn < 1000; turn++) await settled();
    await clock.advance(10_000);
    expect(errorOf(await slow)).toBe('UMA_UNAVAILABLE');
  });
});

describe('UmaGuard in mode decision', () => {
  it('compares permissions for all scopes, which @Rpt() injects', async () => {
    await start({ requiredScopes: 'all' });
    policies.set(token, (_, scope) => scope === 'view');
    expect((await ask('/albums')).status).toBe(403);
    policies.set(token, () => true);
    const { permissions } = JSON.parse((await ask('/albums')).body) as Granted;
    const resource_id = as.idOf('[GET] /albums');
    expect(permissions).toEqual([{ resource_id, resource_scopes: ['view', 'edit'] }]);
  });

  it('sends no request for a cached decision', async () => {
    await start({ uma: { cache: {} }, bearer: { cache: {} } });
    await ask('/albums');
    await ask('/fixed');
    const before = as.op.requests.length;
    for (const path of ['/albums', '/fixed', '/albums']) expect((await ask(path)).status).toBe(200);
    expect(as.op.requests).toHaveLength(before);
    await clock.advance(30_000);
    policies.set(token, () => false);
    expect((await ask('/albums')).status).toBe(403);
  });

  it('accepts another audience only with bearer.audience or bearer.anyAudience', async () => {
    for (const [bearer, aud, status] of [
      [{ audience: 'photos' }, 'photos', 200],
      [{ audience: 'photos' }, RS.client_id, 401],
      [{ anyAudience: true }, 'other-api', 200],
      [{ anyAudience: true }, undefined, 200],
    ] as const) {
      if (running) await running.close();
      await start({ bearer });
      const other = await tokenWith({ aud });
      policies.set(other, () => true);
      expect([bearer, (await ask('/albums', other)).status]).toEqual([bearer, status]);
    }
  });

  it('responds with 503 until a fixed resource exists, and logs its name', async () => {
    await start({ eager: false });
    as.resources.delete('id-1');
    await clock.advance(60_000);
    expect(errorOf(await ask('/fixed'))).toBe('UMA_UNAVAILABLE');
    await settled();
    expect(running.log.with('error', 'resource Album')).not.toHaveLength(0);
    as.resources.set('id-3', { name: 'Album', resource_scopes: ['view'] });
    await clock.advance(60_000);
    expect((await ask('/fixed')).status).toBe(200);
  });
});

describe('start-up with eager', () => {
  it.each([
    {
      name: 'a fixed resource is missing',
      prepare: () => void as.resources.delete('id-1'),
      message: 'AlbumsController.fixed, resource Album: uma_rs_check_access: resource: The auth',
    },
    {
      name: 'the name of a fixed resource differs in case',
      prepare: () => void as.resources.set('id-1', { name: 'album', resource_scopes: [] }),
      message: 'resource Album',
    },
    {
      name: 'the server makes no decisions',
      prepare: () => void (as.discovery = { grant_types_supported: ['client_credentials'] }),
      message: 'The authorization server makes no decisions',
    },
  ])('fails if $name', async ({ prepare, message }) => {
    await expect(start({ prepare })).rejects.toThrow(message);
    // For `afterEach`.
    await start();
  });

  it('does not send a request for a decision', async () => {
    await start();
    expect(policies.seen).toHaveLength(0);
  });
});

describe('a server without decisions', () => {
  it('gets 503, and a log line names the grant', async () => {
    const prepare = () => void (as.discovery = { grant_types_supported: [] });
    await start({ eager: false, prepare });
    await settled();
    expect(running.log.with('error', 'urn:ietf:params:oauth:grant-type:uma-ticket')).toHaveLength(
      1,
    );
    await clock.advance(1_000);
    expect(errorOf(await ask('/fixed'))).toBe('UMA_UNAVAILABLE');
    expect(errorOf(await ask('/named/Album'))).toBe('UMA_UNAVAILABLE');
    expect(policies.seen).toHaveLength(0);
  });
});

describe("UmaGuard in mode rpt with an administrator's resource", () => {
  beforeEach(async () => {
    await start({ uma: { mode: 'rpt' }, controllers: [RptController] });
  });

  it('gives a ticket for its id, and checks an RPT against it', async () => {
    const denied = await running.ask('/rpt/Album');
    expect([denied.status, errorOf(denied)]).toEqual([401, 'UMA_PERMISSION_REQUIRED']);
    expect(as.tickets.at(-1)?.permissions).toEqual([
      { resource_id: 'id-1', resource_scopes: ['view'] },
    ]);
    const rpt = as.rpt(as.item('id-1', 'view'));
    expect((await ask('/rpt/Album', rpt)).status).toBe(200);
    expect((await ask('/rpt/Other', rpt)).status).toBe(401);
    expect((await ask('/rpt/missing', rpt)).status).toBe(403);
  });
});

describe('UmaService.checkAccess() in mode decision', () => {
  const check = (rpt: string) =>
    running.app
      .get(UmaService)
      .checkAccess({ mode: 'decision', resource: 'Album', scopes: ['view'], rpt });

  it('verifies the token before it is sent', async () => {
    await start();
    expect(await check(token)).toEqual({ access: 'granted', sub: 'alice' });
    const other = await tokenWith({ aud: 'other-api' });
    policies.set(other, () => true);
    await expect(check(other)).rejects.toMatchObject({ error: 'invalid_token' });
    expect(policies.seen).toHaveLength(1);
  });
});
