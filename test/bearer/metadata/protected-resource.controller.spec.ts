import { VersioningType, type INestApplication, type NestInterceptor } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { map } from 'rxjs';
import {
  BearerGuard,
  ProtectedResourceController,
  UmaGuard,
  type OxdModuleOptions,
} from '../../../lib/index.js';
import {
  ADAPTERS,
  SITE,
  startUmaApp,
  type UmaApp,
  type UmaAppOptions,
} from '../../support/uma-app.js';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';
const RESOURCE = 'https://photos.example.com/mcp';
const DOCUMENT = {
  resource: RESOURCE,
  authorization_servers: [SITE.op_host],
  bearer_methods_supported: ['header'],
};

type Bearer = OxdModuleOptions['bearer'];

const apps: UmaApp[] = [];
afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())));

describe.each(ADAPTERS)('ProtectedResourceController on %s', (adapter) => {
  async function start(bearer: Bearer, given: Partial<UmaAppOptions> = {}): Promise<UmaApp> {
    const options = { ...given.options, bearer: { audience: RESOURCE, ...bearer } };
    const controllers = [ProtectedResourceController];
    const app = await startUmaApp({ adapter, controllers, ...given, options });
    apps.push(app);
    return app;
  }

  it.each([
    { name: 'the well-known path', path: WELL_KNOWN },
    { name: 'the path of the resource', path: `${WELL_KNOWN}/mcp` },
    { name: 'the path of the resource and a slash', path: `${WELL_KNOWN}/mcp/` },
    { name: 'a query', path: `${WELL_KNOWN}/mcp?a=b` },
  ])('serves the document of a resource with a path at $name', async ({ path }) => {
    const { ask } = await start({ resource: RESOURCE });
    const { status, headers, body } = await ask(path);
    expect([status, JSON.parse(body)]).toEqual([200, DOCUMENT]);
    expect(headers['content-type']).toMatch(/^application\/json/);
    expect(headers['access-control-allow-origin']).toBe('*');
    expect(headers['cache-control']).toBe('public, max-age=3600');
  });

  it.each([
    { name: 'a host', resource: 'https://photos.example.com', path: '' },
    { name: 'a host and a slash', resource: 'https://photos.example.com/', path: '/' },
    { name: 'a final slash', resource: 'https://photos.example.com/mcp/', path: '/mcp/' },
    { name: 'four segments', resource: 'https://photos.example.com/a/b/c/d', path: '/a/b/c/d' },
    {
      name: 'four segments and a slash',
      resource: 'https://photos.example.com/a/b/c/d/',
      path: '/a/b/c/d/',
    },
    { name: 'a query', resource: 'https://photos.example.com/a?k=v', path: '/a?k=v' },
    { name: 'an escaped path', resource: 'https://photos.example.com/a%2Fb', path: '/a%2Fb' },
    { name: 'a loopback host', resource: 'http://127.0.0.1:3000/mcp', path: '/mcp' },
  ])('returns the resource as configured, with $name', async ({ resource, path }) => {
    const { ask } = await start({ resource });
    const { status, body } = await ask(`${WELL_KNOWN}${path}`);
    expect([status, JSON.parse(body)]).toEqual([200, { ...DOCUMENT, resource }]);
  });

  it.each([
    { name: 'another path', path: '/other' },
    { name: 'a path that begins alike', path: '/mcpx' },
    { name: 'a path below that of the resource', path: '/mcp/sub' },
    { name: 'another case', path: '/MCP' },
    { name: 'dot segments', path: '/x/../mcp' },
  ])('responds 404 to $name, readable by scripts and not stored', async ({ path }) => {
    const { ask } = await start({ resource: RESOURCE });
    const { status, headers, body } = await ask(`${WELL_KNOWN}${path}`);
    expect(status).toBe(404);
    expect(body).not.toContain('authorization_servers');
    expect(headers['access-control-allow-origin']).toBe('*');
    expect(headers['cache-control']).toBe('no-store');
  });

  it('lists scopesSupported, and omits an empty list', async () => {
    const scopesSupported = ['photos:read', 'photos:write'];
    const { ask } = await start({ resource: RESOURCE, scopesSupported });
    const { body } = await ask(WELL_KNOWN);
    expect(JSON.parse(body)).toEqual({ ...DOCUMENT, scopes_supported: scopesSupported });
    const without = await start({ resource: RESOURCE, scopesSupported: [] });
    expect(JSON.parse((await without.ask(WELL_KNOWN)).body)).toEqual(DOCUMENT);
  });

  it.each([
    {
      name: 'op_host, with its slash',
      site: { op_host: 'https://as.example.com/' },
      issuer: 'https://as.example.com/',
    },
    {
      name: 'op_host and op_discovery_path',
      site: { op_host: 'https://as.example.com', op_discovery_path: '/realms/a' },
      issuer: 'https://as.example.com/realms/a',
    },
    {
      name: 'the URL before /.well-known/ of op_configuration_endpoint',
      site: {
        op_host: 'https://as.example.com',
        op_configuration_endpoint: 'https://as.example.com/b/.well-known/openid-configuration',
      },
      issuer: 'https://as.example.com/b',
    },
  ])('names the authorization server by $name', async ({ site, issuer }) => {
    const options = { site: { ...SITE, ...site } };
    const { ask } = await start({ resource: RESOURCE }, { options });
    const { body } = await ask(WELL_KNOWN);
    expect(JSON.parse(body)).toEqual({ ...DOCUMENT, authorization_servers: [issuer] });
  });

  it('is public behind both guards, and sends no command', async () => {
    const guards = [UmaGuard, BearerGuard].map((useClass) => ({ provide: APP_GUARD, useClass }));
    const { ask, transport, log } = await start({ resource: RESOURCE }, { providers: guards });
    for (const path of [WELL_KNOWN, `${WELL_KNOWN}/mcp`]) {
      expect(await ask(path)).toMatchObject({ status: 200 });
    }
    expect(transport.calls).toEqual([]);
    expect(log.with('warn', 'ProtectedResourceController')).toEqual([]);
  });

  it('responds to HEAD with the same headers', async () => {
    const { ask } = await start({ resource: RESOURCE });
    const { status, headers, body } = await ask({ method: 'HEAD', path: WELL_KNOWN });
    expect([status, body, headers['access-control-allow-origin']]).toEqual([200, '', '*']);
  });

  it('is not changed by an interceptor or by the CORS options of the application', async () => {
    const wrap: NestInterceptor = {
      intercept: (_, next) => next.handle().pipe(map((data: unknown) => ({ data }))),
    };
    const providers = [{ provide: APP_INTERCEPTOR, useValue: wrap }];
    const configure = (app: INestApplication) => app.enableCors({ origin: 'https://spa.example' });
    const { ask } = await start({ resource: RESOURCE }, { providers, configure });
    const { headers, body } = await ask({ path: WELL_KNOWN, headers: ['Origin', 'https://other'] });
    expect(JSON.parse(body)).toEqual(DOCUMENT);
    expect(headers['access-control-allow-origin']).toBe('*');
  });

  it.each([
    { name: 'URI versioning', versioning: { type: VersioningType.URI } },
    { name: 'header versioning', versioning: { type: VersioningType.HEADER, header: 'v' } },
  ] as const)('stays at the well-known path with $name', async ({ versioning }) => {
    const configure = (app: INestApplication) =>
      app.enableVersioning({ ...versioning, defaultVersion: '1' });
    const { ask, log } = await start({ resource: RESOURCE }, { configure });
    expect(await ask(`${WELL_KNOWN}/mcp`)).toMatchObject({ status: 200 });
    expect(log.with('warn', WELL_KNOWN)).toEqual([]);
  });

  it('warns at start-up with the moved path if a global prefix moves it', async () => {
    const configure = (app: INestApplication) => app.setGlobalPrefix('api');
    const { ask, log } = await start({ resource: RESOURCE }, { configure });
    expect(await ask(`${WELL_KNOWN}/mcp`)).toMatchObject({ status: 404 });
    expect(await ask(`/api${WELL_KNOWN}/mcp`)).toMatchObject({ status: 200 });
    const [warning, ...more] = log.with('warn', WELL_KNOWN);
    expect(warning).toContain(`/api${WELL_KNOWN}`);
    expect(more).toEqual([]);
  });

  it('stays at the well-known path if the global prefix excludes both paths of the warning', async () => {
    const exclude = [WELL_KNOWN, `${WELL_KNOWN}/*path`];
    const configure = (app: INestApplication) => app.setGlobalPrefix('api', { exclude });
    const { ask, log } = await start({ resource: RESOURCE }, { configure });
    expect(await ask(WELL_KNOWN)).toMatchObject({ status: 200 });
    expect(await ask(`${WELL_KNOWN}/mcp`)).toMatchObject({ status: 200 });
    expect(log.with('warn', WELL_KNOWN)).toEqual([]);
  });

  it.each(['/a/b/c/d/e', '/a/b/c/d/e/'])(
    'start-up fails for a resource with path %s',
    async (path) => {
      const resource = `https://photos.example.com${path}`;
      await expect(start({ resource })).rejects.toMatchObject({
        code: 'OXD_CONFIGURATION_INVALID',
        message: expect.stringContaining('bearer.resource: must have at most 4 path') as string,
      });
    },
  );

  it('needs bearer.resource: start-up fails without it', async () => {
    await expect(start({})).rejects.toMatchObject({
      code: 'OXD_CONFIGURATION_INVALID',
      message: expect.stringContaining('bearer.resource: is required') as string,
    });
  });
});
