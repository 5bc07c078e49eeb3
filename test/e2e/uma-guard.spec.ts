import { All, Controller, Get, Options, Param, Post, UseGuards } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import {
  OxdCommandError,
  OxdStoreError,
  OxdTransportError,
  Rpt,
  UmaGuard,
  UmaProtected,
  UmaPublic,
  type UmaPermission,
} from '../../lib/index.js';
import {
  GUARDS,
  refusal,
  startUmaApp,
  token,
  type Answer,
  type Asked,
  type AuthorizationServer,
  type UmaApp,
} from '../support/uma-app.js';
import { secretsIn } from '../support/secrets.js';

@Controller('albums')
@UseGuards(UmaGuard)
class Albums {
  @Get()
  @UmaProtected({ scopes: ['view'] })
  list(@Rpt() permissions: readonly UmaPermission[], @Rpt('sub') sub: string) {
    return { ran: 'list', permissions, sub };
  }

  @Post()
  @UmaProtected({ scopes: ['add'] })
  add() {
    return { ran: 'add' };
  }

  @All('any')
  @UmaProtected('/albums/any', 'GET')
  @UmaProtected('/albums/any', 'PATCH')
  any() {
    return { ran: 'any' };
  }

  @Options('options')
  @UmaProtected()
  options() {
    return { ran: 'options' };
  }

  @Get('both')
  @UmaProtected('/one')
  @UmaProtected('/two')
  both(@Rpt() permissions: readonly UmaPermission[]) {
    return { ran: 'both', permissions };
  }

  @Get(['left', 'right'])
  @UmaProtected()
  several() {
    return { ran: 'several' };
  }

  @Get('undeclared')
  undeclared() {
    return { ran: 'undeclared' };
  }

  @Get('public')
  @UmaPublic()
  public(@Rpt() permissions: readonly UmaPermission[] | undefined) {
    return { ran: 'public', told: permissions !== undefined };
  }

  @Get(':id')
  @UmaProtected()
  find(@Param('id') id: string) {
    return { ran: 'find', id };
  }
}

@Controller('admin')
@UseGuards(UmaGuard)
@UmaProtected({ scopes: ['admin'] })
class Admin {
  @Get() all() {
    return { ran: 'admin' };
  }

  @Get('open')
  @UmaPublic()
  open() {
    return { ran: 'open' };
  }

  @Get('own')
  @UmaProtected('/own')
  own() {
    return { ran: 'own' };
  }
}

@Controller('mixed')
@UseGuards(UmaGuard)
@UmaProtected('/mixed', 'GET')
class Mixed {
  @All()
  @UmaProtected('/mixed/own', 'GET')
  @UmaProtected('/mixed/own', 'POST')
  any() {
    return { ran: 'mixed' };
  }
}

@Controller('lobby')
@UseGuards(UmaGuard)
@UmaPublic()
class Lobby {
  @Get() enter() {
    return { ran: 'lobby' };
  }

  @Get('safe')
  @UmaProtected()
  safe() {
    return { ran: 'safe' };
  }
}

const CHALLENGE =
  /^UMA realm="photos\.example\.com:8443", as_uri="https:\/\/issuer\.example\.com", ticket="(.+)"$/;

/** Name of the handler that ran; undefined if none ran. */
function ran({ body }: Answer): string | undefined {
  try {
    return (JSON.parse(body) as { ran?: string }).ran;
  } catch {
    return undefined;
  }
}

/** Body of a denial. */
function saidBy({ body }: Answer): object {
  return JSON.parse(body) as object;
}

const noop = (): void => undefined;

/** A call of a handler, by default the public one, as Nest describes it to guards. */
function contextOf(request: object, response: object = {}, name = 'public'): ExecutionContextHost {
  const handler: unknown = Reflect.get(Albums.prototype, name);
  return new ExecutionContextHost([request, response], Albums, handler as () => unknown);
}

const UNAVAILABLE = {
  statusCode: 503,
  error: 'UMA_UNAVAILABLE',
  message: 'Access cannot be checked at the moment.',
};
const UNREACHABLE = {
  statusCode: 403,
  error: 'UMA_SERVER_UNREACHABLE',
  message: 'The authorization server issued no ticket.',
};
const FORBIDDEN = {
  statusCode: 403,
  error: 'UMA_FORBIDDEN',
  message: 'This resource cannot be accessed.',
};

describe.each(GUARDS)('UmaGuard on $name', ({ adapter, uma }) => {
  let one: UmaApp;
  let server: AuthorizationServer;
  let declared: readonly string[];

  async function ask(asked: Asked | string): Promise<Answer> {
    const answer = await one.ask(asked);
    expect(secretsIn([answer.body, ...one.log.lines].join('\n'))).toHaveLength(0);
    return answer;
  }

  beforeAll(async () => {
    const maxHeaderSize = 65_536;
    const controllers = [Albums, Admin, Mixed, Lobby];
    one = await startUmaApp({ adapter, maxHeaderSize, controllers, options: { uma } });
    server = one.transport;
    declared = server.lastProtected;
  });
  beforeEach(() => {
    server.reset();
    one.log.lines.length = 0;
  });
  afterAll(() => one.close());

  describe('the outcome', () => {
    it('of an RPT for the declared resource: the handler runs and receives the permissions', async () => {
      const answer = await ask({ path: '/albums', rpt: server.issue('GET /albums') });
      expect(answer.status).toBe(200);
      expect(saidBy(answer)).toEqual({
        ran: 'list',
        sub: 'alice',
        permissions: [{ resource_id: 'id of /albums', resource_scopes: ['view'] }],
      });
      expect(one.log.lines).toEqual([]);
    });

    it.each<[string, Partial<Asked>]>([
      ['no token', {}],
      ['an RPT that is good for nothing', { rpt: 'unknown' }],
      ['another scheme', { headers: ['Authorization', 'Basic YTpi'] }],
    ])('of %s: 401 with a new ticket each time', async (_, asked) => {
      for (let times = 0; times < 2; times++) {
        const answer = await ask({ path: '/albums', ...asked });
        expect(answer.status).toBe(401);
        const [, ticket] = CHALLENGE.exec(answer.headers['www-authenticate'] ?? '') ?? [];
        expect(ticket === server.tickets.at(-1)).toBe(true);
        expect(answer.headers).toMatchObject({
          'cache-control': 'no-store',
          'access-control-expose-headers': 'WWW-Authenticate',
        });
        expect(saidBy(answer)).toEqual({
          statusCode: 401,
          error: 'UMA_PERMISSION_REQUIRED',
          message: 'An RPT with a permission for this resource is required.',
        });
      }
      expect(one.log.with('debug', 'Albums.list, GET /albums: 401')).toHaveLength(2);
      expect(one.log.with('warn', '')).toEqual([]);
    });

    it('of a token in the query or the body: that of no token', async () => {
      const rpt = server.issue('GET /albums');
      for (const name of ['access_token', 'rpt', 'token', 'Authorization']) {
        expect((await ask(`/albums?${name}=${rpt}`)).status).toBe(401);
        expect((await ask(`/albums?${name}=Bearer%20${rpt}`)).status).toBe(401);
      }
      const headers = ['Content-Type', 'application/x-www-form-urlencoded'];
      const body = `access_token=${server.issue('POST /albums')}`;
      expect((await ask({ method: 'POST', path: '/albums', headers, body })).status).toBe(401);
      expect(server.sent('uma_rs_check_access').some(({ rpt: sent }) => sent)).toBe(false);
    });

    it.each<[string, string[]]>([
      ['an empty token', ['Authorization', 'Bearer']],
      ['an empty token after a blank', ['Authorization', 'Bearer ']],
      ['two tokens', ['Authorization', 'Bearer a', 'Authorization', 'Bearer b']],
      ['two tokens, in another case', ['authorization', 'Bearer a', 'AUTHORIZATION', 'Bearer b']],
      ['a token and another scheme', ['Authorization', 'Basic YTpi', 'Authorization', 'Bearer b']],
      ['two tokens in one header', ['Authorization', 'Bearer a, Bearer b']],
    ])('of %s: 400, and no command is sent', async (_, headers) => {
      const answer = await ask({ path: '/albums', headers });
      expect(answer.status).toBe(400);
      expect(answer.headers['www-authenticate']).toBeUndefined();
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(saidBy(answer)).toEqual({
        statusCode: 400,
        error: 'UMA_INVALID_CREDENTIALS',
        message: 'Send one RPT as Authorization: Bearer.',
      });
      expect(server.calls).toEqual([]);
    });

    it('of the longest RPT, 16384 characters: that of the RPT', async () => {
      const rpt = server.issue('GET /albums', 16_384);
      expect(rpt).toHaveLength(16_384);
      expect(ran(await ask({ path: '/albums', rpt }))).toBe('list');
    });

    it('of an RPT over 16384 characters: 401 with a ticket, and it is not sent', async () => {
      for (let times = 0; times < 2; times++) {
        const rpt = server.issue('GET /albums', 16_385);
        const answer = await ask({ path: '/albums', rpt });
        expect(answer.status).toBe(401);
        const [, ticket] = CHALLENGE.exec(answer.headers['www-authenticate'] ?? '') ?? [];
        expect(ticket === server.tickets.at(-1)).toBe(true);
        expect(saidBy(answer)).toMatchObject({ error: 'UMA_PERMISSION_REQUIRED' });
      }
      const sent = server.sent('uma_rs_check_access').map((params) => 'rpt' in params);
      expect(sent).toEqual([false, false]);
      expect(one.log.with('warn', 'ignored an RPT of more than 16384 characters')).toHaveLength(1);
    });

    it('of an RPT after a scheme in another case: that of the RPT', async () => {
      const rpt = server.issue('GET /albums');
      for (const scheme of ['bearer', 'BEARER', 'bEaReR']) {
        const answer = await ask({
          path: '/albums',
          headers: ['Authorization', `${scheme} ${rpt}`],
        });
        expect(ran(answer)).toBe('list');
      }
    });

    it.each<[string, unknown]>([
      ['the authorization server is down', refusal('http_status_502')],
      ['introspection failed', refusal('internal_error')],
      ['the PAT was refused', refusal('unauthorized_client')],
      ['the command is not supported', refusal('unsupported_operation')],
      ['there is no ticket', { access: 'denied' }],
      ['the ticket is empty', { access: 'denied', ticket: '' }],
      ['the ticket has a line break', { access: 'denied', ticket: 'a\r\nX-Evil: 1' }],
      ['the ticket has a zero', { access: 'denied', ticket: 'a\0b' }],
      ['the ticket is not ASCII', { access: 'denied', ticket: 'é' }],
      [
        'as_uri has a line break',
        { access: 'denied', ticket: 't', 'www-authenticate_header': 'UMA as_uri="a\r\nX: y"' },
      ],
    ])('with %s: 403 with a Warning header', async (_, reply) => {
      server.script({ uma_rs_check_access: reply as Error });
      const answer = await ask({ path: '/albums', rpt: server.issue('GET /albums') });
      expect(answer.status).toBe(403);
      expect(answer.headers).toMatchObject({
        warning: '199 - "UMA Authorization Server Unreachable"',
        'cache-control': 'no-store',
      });
      expect(answer.headers).not.toHaveProperty('www-authenticate');
      expect(answer.headers).not.toHaveProperty('x-evil');
      expect(saidBy(answer)).toEqual(UNREACHABLE);
    });

    it.each<[string, unknown]>([
      ['granted without an RPT', { access: 'granted' }],
      ['GRANTED', { access: 'GRANTED' }],
      ['true', { access: true }],
      ['nothing', {}],
      ['a list', { access: ['granted'] }],
      ['null', null],
      ['a text', 'granted'],
    ])('of a result that is %s: never access', async (said, reply) => {
      server.script({ uma_rs_check_access: () => reply as never });
      const rpt = said === 'granted without an RPT' ? undefined : token('rpt');
      const answer = await ask({ path: '/albums', rpt });
      expect([403, 503]).toContain(answer.status);
      expect(ran(answer)).toBeUndefined();
    });

    it.each<[string, Error]>([
      ['oxd-server is down', new OxdTransportError('OXD_TRANSPORT_UNREACHABLE', 'down')],
      ['oxd-server is slow', new OxdTransportError('OXD_TRANSPORT_TIMEOUT', 'slow')],
      ['the store is down', new OxdStoreError('down')],
      [
        'the key of the RPT is unknown',
        new OxdCommandError('unknown key', { error: 'key_id_not_found' }),
      ],
      ['a transport of the user fails in its own way', new TypeError('own')],
    ])('with %s: 503', async (_, error) => {
      server.script({ uma_rs_check_access: error });
      const answer = await ask({ path: '/albums', rpt: server.issue('GET /albums') });
      expect(answer.status).toBe(503);
      expect(answer.headers).toMatchObject({ 'retry-after': '5', 'cache-control': 'no-store' });
      expect(saidBy(answer)).toEqual(UNAVAILABLE);
    });

    it('escapes quotes and backslashes from the server', async () => {
      const header = String.raw`UMA as_uri="https://as/\"x\\", realm="evil"`;
      const ticket = token('ticket') + String.raw`"\, evil="`;
      server.script({
        uma_rs_check_access: { access: 'denied', ticket, 'www-authenticate_header': header },
      });
      const { headers } = await ask('/albums');
      const quoted = ticket.replace(/["\\]/g, '\\$&');
      expect(
        headers['www-authenticate'] ===
          String.raw`UMA realm="photos.example.com:8443", as_uri="https://as/\"x\\", ticket="${quoted}"`,
      ).toBe(true);
    });

    it('does not depend on the Host header', async () => {
      const headers = ['X-Forwarded-Host', 'evil.example.com'];
      const answer = await ask({ path: '/albums', headers });
      expect(CHALLENGE.test(answer.headers['www-authenticate'] ?? '')).toBe(true);
    });
  });

  describe('several declarations', () => {
    it('must all grant: the first that does not gives the ticket', async () => {
      const rpt = server.issue('GET /one');
      expect((await ask({ path: '/albums/both', rpt })).status).toBe(401);
      const both = (path: string): boolean => path === '/one' || path === '/two';
      server.script({
        uma_rs_check_access: ({ path = '' }) =>
          both(path)
            ? { access: 'granted', permissions: [{ resource_id: path, resource_scopes: ['x'] }] }
            : server.denied(),
      });
      const answer = await ask({ path: '/albums/both', rpt });
      expect(saidBy(answer)).toMatchObject({
        ran: 'both',
        permissions: [{ resource_id: '/two' }, { resource_id: '/one' }],
      });
    });

    it('of class and method must both grant, and a method may open what the class protects', async () => {
      const methodOnly = server.issue('GET /own');
      expect((await ask({ path: '/admin/own', rpt: methodOnly })).status).toBe(401);
      const classOnly = server.issue('GET /admin/own');
      expect((await ask({ path: '/admin/own', rpt: classOnly })).status).toBe(401);
      server.script({ uma_rs_check_access: { access: 'granted' } });
      expect(ran(await ask({ path: '/admin/own', rpt: classOnly }))).toBe('own');
      const checks = server.sent('uma_rs_check_access').slice(-2);
      expect(checks.map(({ path = '' }) => path).sort()).toEqual(['/admin/own', '/own']);
      expect(ran(await ask('/admin/open'))).toBe('open');
    });

    it('of a method protect it in a class that is public', async () => {
      expect(ran(await ask('/lobby'))).toBe('lobby');
      expect((await ask('/lobby/safe')).status).toBe(401);
    });

    it('of class and method must both be for the method of the request', async () => {
      server.script({ uma_rs_check_access: { access: 'granted' } });
      const rpt = token('rpt');
      expect(ran(await ask({ path: '/mixed', rpt }))).toBe('mixed');
      expect(server.sent('uma_rs_check_access')).toHaveLength(2);
      const answer = await ask({ method: 'POST', path: '/mixed', rpt });
      expect([answer.status, saidBy(answer)]).toEqual([403, FORBIDDEN]);
    });

    it('of several paths are one resource each', async () => {
      const rpt = server.issue('GET /albums/left');
      expect(ran(await ask({ path: '/albums/left', rpt }))).toBe('several');
      expect((await ask({ path: '/albums/right', rpt })).status).toBe(401);
    });
  });

  it('denies a route that declares nothing, without a ticket, and logs it once', async () => {
    for (let times = 0; times < 3; times++) {
      const answer = await ask({ path: '/albums/undeclared', rpt: server.issue('GET /albums') });
      expect(answer.status).toBe(403);
      expect(answer.headers).not.toHaveProperty('www-authenticate');
      expect(answer.headers).not.toHaveProperty('warning');
      expect(saidBy(answer)).toEqual(FORBIDDEN);
    }
    expect(server.calls).toEqual([]);
    expect(one.log.with('warn', 'Albums.undeclared is behind UmaGuard')).toHaveLength(1);
  });

  it('grants access to a public route with any credentials', async () => {
    for (const headers of [[], ['Authorization', 'Bearer'], ['Authorization', 'Bearer x']]) {
      const answer = await ask({ path: '/albums/public', headers });
      expect(saidBy(answer)).toEqual({ ran: 'public', told: false });
    }
    expect(server.calls).toEqual([]);
  });

  describe('the method', () => {
    it.each(['DELETE', 'OPTIONS', 'POST', 'PUT', 'PROPFIND', 'TRACE'])(
      '%s of an @All() route that is declared for other methods is denied without a check',
      async (method) => {
        server.script({ uma_rs_check_access: { access: 'granted' } });
        const answer = await ask({ method, path: '/albums/any', rpt: token('rpt') });
        const isRefused = answer.body === JSON.stringify(FORBIDDEN);
        expect([answer.status, isRefused]).toEqual([isRefused ? 403 : 404, isRefused]);
        expect(ran(answer)).toBeUndefined();
        expect(server.calls).toEqual([]);
      },
    );

    it('of an @All() route decides which of its declarations holds', async () => {
      const rpt = server.issue('PATCH /albums/any');
      expect(ran(await ask({ method: 'PATCH', path: '/albums/any', rpt }))).toBe('any');
      expect((await ask({ method: 'GET', path: '/albums/any', rpt })).status).toBe(401);
    });

    it('HEAD is checked as GET', async () => {
      expect((await ask({ method: 'HEAD', path: '/albums' })).status).toBe(401);
      const rpt = server.issue('GET /albums');
      expect((await ask({ method: 'HEAD', path: '/albums', rpt })).status).toBe(200);
      const any = server.issue('GET /albums/any');
      expect((await ask({ method: 'HEAD', path: '/albums/any', rpt: any })).status).toBe(200);
      const checked = server.sent('uma_rs_check_access').map(({ http_method }) => http_method);
      expect(new Set(checked)).toEqual(new Set(['GET']));
    });

    it('OPTIONS of an own handler is checked like any other', async () => {
      expect((await ask({ method: 'OPTIONS', path: '/albums/options' })).status).toBe(401);
      const rpt = server.issue('OPTIONS /albums/options');
      expect(ran(await ask({ method: 'OPTIONS', path: '/albums/options', rpt }))).toBe('options');
    });

    it.each(['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'])(
      'is not that of %s',
      async (header) => {
        const rpt = server.issue('GET /albums');
        const headers = [header, 'GET'];
        expect((await ask({ method: 'POST', path: '/albums', headers, rpt })).status).toBe(401);
        const [check] = server.sent('uma_rs_check_access');
        expect(check?.http_method).toBe('POST');
        const any = await ask({ method: 'DELETE', path: '/albums/any', headers, rpt });
        expect(any.status).toBe(403);
        const query = await ask({ method: 'POST', path: '/albums?_method=GET', rpt });
        expect(query.status).toBe(401);
      },
    );
  });

  describe('a spelling of the URL', () => {
    const PATHS = [
      ...['//albums', '/albums/', '/albums//', '///albums', '/albums//7', '//admin', '/admin/'],
      ...['/albums;x=y', '/albums;', '/;/albums', '/albums;/7', '/albums/7;x=y', '/admin;x=y'],
      ...['/albums%2F', '/albums%2F7', '/%2Falbums', '/albums/%2F', '/albums/7%2F', '/albums%2f..'],
      ...['/albums/%2e%2e/admin', '/albums/../admin', '/./albums', '/%2e/albums', '/albums/%2E%2E'],
      ...['/albums%3Bx=y', '/albums/%3B', '/albums%253B', '/albums%252F7', '/%252e%252e/admin'],
      ...['/ALBUMS', '/Albums/7', '/aLbUmS/', '/ADMIN', '/%61lbums', '/%61dmin', '/admi%6e'],
      ...['/albums%00', '/albums/%00', '/albums%0a', '/albums/%0d%0aX', '/albums%20', '/albums/%'],
      ...['/albums%', '/albums%zz', '/albums\\admin', '/albums/..\\admin', '/\\admin', '/albums/*'],
      ...['/albums?/admin', '/albums/any/', '/albums/ANY', '/albums/any;x', '/albums/a%6ey'],
      ...['/albums/any%2F', '/albums/undeclared/', '/albums/Undeclared', '/albums/undeclared;a'],
      ...['/albums/:id', '/albums/%3Aid', '/albums/left/', '/albums/Right', '/albums/l%65ft'],
      ...['http://evil.example.com/albums', 'http://evil.example.com//admin', '/albums#/public'],
      ...[
        '/albums/public/../',
        '/albums/public%2F..',
        '/albums/public;/../admin',
        '/albums/public/..;/',
      ],
    ];
    const DECLARED: Readonly<Record<string, string>> = {
      list: '/albums',
      find: '/albums/:id',
      any: '/albums/any',
      admin: '/admin',
    };

    it.each(PATHS)('%s grants no access without an RPT', async (path) => {
      for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS', 'POST']) {
        const answer = await ask({ method, path });
        expect([400, 401, 403, 404]).toContain(answer.status);
        expect([undefined, 'public']).toContain(ran(answer));
      }
      const checked = server
        .sent('uma_rs_check_access')
        .map((check) => `${check.http_method} ${check.path}`);
      expect(checked.filter((resource) => !declared.includes(resource))).toEqual([]);
    });

    it.each(PATHS)(
      '%s is checked as the declared resource of the handler that runs',
      async (path) => {
        for (const [handler, resource] of Object.entries(DECLARED)) {
          const rpt = server.issue(`GET ${resource}`);
          server.calls.length = 0;
          const answer = await ask({ path, rpt });
          expect([undefined, handler, 'public']).toContain(ran(answer));
          if (ran(answer) !== handler) continue;
          expect(server.sent('uma_rs_check_access')).toMatchObject([
            { path: resource, http_method: 'GET' },
          ]);
        }
      },
    );

    it.each(['X-Original-URL', 'X-Rewrite-URL', 'X-Forwarded-Prefix', 'X-Forwarded-Uri'])(
      'in %s changes nothing',
      async (header) => {
        const rpt = server.issue('GET /albums');
        const answer = await ask({ path: '/admin', headers: [header, '/albums'], rpt });
        expect(answer.status).toBe(401);
        expect(server.sent('uma_rs_check_access')).toMatchObject([{ path: '/admin' }]);
      },
    );
  });

  it.each(['rpc', 'ws', 'graphql', 'something'])(
    'denies a protected or undeclared handler of type %s, and logs each once',
    async (type) => {
      const guard = one.app.get(UmaGuard, { strict: false });
      const request = { method: 'GET', headers: {}, route: { path: '/albums/public' } };
      for (const name of ['list', 'undeclared', 'list', 'undeclared']) {
        const context = contextOf(request, {}, name);
        context.setType(type);
        expect(await guard.canActivate(context)).toBe(false);
      }
      expect(one.log.with('warn', `HTTP only, not ${type}`)).toHaveLength(2);
    },
  );

  it.each<[string, object]>([
    ['no route', {}],
    ['a route without path', { route: {}, routeOptions: {} }],
    ['a path that is no text', { route: { path: ['/albums/public'] } }],
    ['the path of another route', { route: { path: '/albums' } }],
  ])('denies a request of which the router reports %s', async (_, reported) => {
    const guard = one.app.get(UmaGuard, { strict: false });
    const response = { set: noop, setHeader: noop, header: noop };
    const context = contextOf({ method: 'GET', headers: {}, ...reported }, response);
    context.setType('http');
    await expect((async () => guard.canActivate(context))()).rejects.toMatchObject({ status: 403 });
  });

  it('does not let a client fill the log', async () => {
    await one.clock.advance(60_000);
    for (let times = 0; times < 20; times++) {
      await ask({ path: '/albums', headers: ['Authorization', 'Bearer'] });
      await ask({ method: 'DELETE', path: '/albums/any', rpt: token('rpt') });
    }
    expect(one.log.with('warn', '')).toHaveLength(2);
    await one.clock.advance(60_000);
    await ask({ path: '/albums', headers: ['Authorization', 'Bearer'] });
    expect(one.log.with('warn', 'Albums.list: 400 UMA_INVALID_CREDENTIALS')).toHaveLength(2);
  });
});

it('UmaGuard puts the host of baseUrl into the challenge as realm', async () => {
  const options = { baseUrl: 'https://apps.example.com:8444/photos' };
  const app = await startUmaApp({ controllers: [Albums], options });
  const { headers } = await app.ask('/albums');
  await app.close();
  expect(headers['www-authenticate']).toContain('realm="apps.example.com:8444"');
});
