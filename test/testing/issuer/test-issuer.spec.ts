import { setImmediate } from 'node:timers/promises';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  OxdModule,
  Rpt,
  UmaGuard,
  UmaProtected,
  type OxdModuleOptions,
  type UmaPermission,
} from '../../../lib/index.js';
import { TestIssuer, type TestTokenOptions } from '../../../lib/testing/testing.js';
import { registerSecret } from '../../support/secrets.js';
import { startApp, type RunningApp } from '../../support/uma-app.js';

@Controller('albums')
@UseGuards(UmaGuard)
class AlbumsController {
  @Get(':id')
  @UmaProtected({ scopes: ['view'] })
  find(@Rpt('sub') sub: string, @Rpt() permissions: readonly UmaPermission[]) {
    return { sub, permissions };
  }
}

const album = '[GET] /albums/:id';
const view: UmaPermission = { resource_id: album, resource_scopes: ['view'] };

let issuer: TestIssuer;

beforeAll(async () => {
  issuer = await TestIssuer.start();
});

afterAll(() => issuer.close());

async function token(options?: TestTokenOptions, from = issuer): Promise<string> {
  const issued = await from.token(options);
  registerSecret(issued);
  return issued;
}

function post(path: string, form: Record<string, string>): Promise<Response> {
  return fetch(issuer.issuer + path, { method: 'POST', body: new URLSearchParams(form) });
}

describe('UmaGuard of an application whose op_host is a TestIssuer', () => {
  const client = { client_id: 'photos', client_secret: 'secret-of-photos' };
  let running: RunningApp;

  async function start(site?: Partial<OxdModuleOptions['site']>): Promise<RunningApp> {
    const imports = [
      OxdModule.forRoot({
        site: {
          op_host: issuer.issuer,
          authorization_redirect_uri: 'http://localhost:3000/callback',
          ...site,
        },
        transport: { type: 'embedded', allowInsecureRequests: true },
        eager: true,
      }),
    ];
    return startApp({ imports, controllers: [AlbumsController] });
  }

  beforeAll(async () => {
    running = await start(client);
  });

  afterAll(() => running.close());

  it('grants a token with the permission, and knows its user', async () => {
    const rpt = await token({ sub: 'bob', permissions: [view] });
    const { status, body } = await running.ask({ path: '/albums/7', rpt });
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({ sub: 'bob', permissions: [view] });
  });

  it('denies a request without a token, with a ticket', async () => {
    const { status, headers } = await running.ask('/albums/7');
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toContain(`as_uri="${issuer.issuer}", ticket="`);
  });

  it.each<{ name: string; options: TestTokenOptions }>([
    { name: 'without permissions', options: { roles: ['admin'] } },
    { name: 'with another scope', options: { permissions: [{ ...view, resource_scopes: ['x'] }] } },
    { name: 'for another resource', options: { permissions: [{ ...view, resource_id: 'x' }] } },
    { name: 'that has expired', options: { permissions: [view], expiresIn: -1 } },
  ])('denies a token $name', async ({ options }) => {
    const rpt = await token(options);
    expect((await running.ask({ path: '/albums/7', rpt })).status).toBe(401);
  });

  it('denies a token of another TestIssuer', async () => {
    const other = await TestIssuer.start();
    const rpt = await token({ permissions: [view], claims: { iss: issuer.issuer } }, other);
    await other.close();
    expect((await running.ask({ path: '/albums/7', rpt })).status).toBe(401);
  });

  it('registers its own client and starts again with an empty store', async () => {
    const rpt = await token({ permissions: [view] });
    for (let times = 0; times < 2; times++) {
      const again = await start();
      expect((await again.ask({ path: '/albums/7', rpt })).status).toBe(200);
      await again.close();
    }
  });
});

describe('TestIssuer', () => {
  it('issues a token with the claims of Keycloak, signed with a published key', async () => {
    const options = { sub: 'bob', scope: 'openid', roles: ['admin'], aud: ['photos', 'account'] };
    const rpt = await token({
      ...options,
      permissions: [view],
      claims: { email: 'b@example.com' },
    });
    const keys = createRemoteJWKSet(new URL(`${issuer.issuer}/jwks`));
    const { payload, protectedHeader } = await jwtVerify(rpt, keys, { audience: 'photos' });
    expect(protectedHeader).toMatchObject({ alg: 'RS256', typ: 'JWT' });
    expect(payload).toMatchObject({
      iss: issuer.issuer,
      sub: 'bob',
      typ: 'Bearer',
      scope: 'openid',
      email: 'b@example.com',
      realm_access: { roles: ['admin'] },
      authorization: { permissions: [{ rsid: album, rsname: album, scopes: ['view'] }] },
    });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(300);
  });

  it('issues a token for alice by default, without roles and permissions', async () => {
    const payload = decodeJwt(await token());
    expect(payload).toMatchObject({ sub: 'alice', aud: 'account', scope: 'profile email' });
    expect(payload).not.toHaveProperty('realm_access');
    expect(payload).not.toHaveProperty('authorization');
  });

  it('issues a token with acr, time of the login and header of the options', async () => {
    const options = { acr: 'gold', auth_time: 1_700_000_000, header: { typ: 'at+jwt' } };
    const issued = await token(options);
    expect(decodeJwt(issued)).toMatchObject({ acr: 'gold', auth_time: 1_700_000_000 });
    expect(decodeProtectedHeader(issued)).toMatchObject({ typ: 'at+jwt', alg: 'RS256' });
    const other = decodeJwt(await token());
    expect(other.acr).toBe('1');
    expect(other).not.toHaveProperty('auth_time');
  });

  it.each(['opaque', 'lightweight'] as const)(
    'introspects a token of the form %s with every claim',
    async (form) => {
      const issued = await token({
        form,
        sub: 'bob',
        roles: ['admin'],
        aud: 'photos',
        acr: 'gold',
      });
      const introspection = await (await post('/introspect', { token: issued })).json();
      const realm_access = { roles: ['admin'] };
      const claims = { active: true, sub: 'bob', aud: 'photos', acr: 'gold', realm_access };
      expect(introspection).toMatchObject(claims);
    },
  );

  it('issues an opaque token without a structure, and introspects it as inactive once expired', async () => {
    const issued = await token({ form: 'opaque', expiresIn: -1 });
    expect(issued).toMatch(/^[\w-]{43}$/);
    expect(await (await post('/introspect', { token: issued })).json()).toEqual({ active: false });
  });

  it('issues a lightweight token without sub, aud, acr and roles', async () => {
    const payload = decodeJwt(await token({ form: 'lightweight', roles: ['admin'] }));
    const names = ['exp', 'iat', 'jti', 'iss', 'typ', 'azp', 'scope'];
    expect(Object.keys(payload).toSorted()).toEqual(names.toSorted());
  });

  it.each(['jwt', 'lightweight', 'opaque'] as const)(
    'introspects a revoked token of the form %s as inactive',
    async (form) => {
      const issued = await token({ form });
      issuer.revoke(issued);
      const response = await post('/introspect', { token: issued });
      expect(await response.json()).toEqual({ active: false });
    },
  );

  it('counts the requests of each endpoint', async () => {
    const before = issuer.requests;
    await fetch(`${issuer.issuer}/.well-known/openid-configuration`);
    await fetch(`${issuer.issuer}/resource_set/7`);
    for (let times = 0; times < 2; times++) await post('/introspect', { token: 'x' });
    expect(issuer.requests).toEqual({
      ...before,
      discovery: before.discovery + 1,
      resources: before.resources + 1,
      introspection: before.introspection + 2,
    });
  });

  it('issues an expired token that was issued before its expiry', async () => {
    const { exp = 0, iat = 0 } = decodeJwt(await token({ expiresIn: -60 }));
    expect(exp).toBeLessThan(Date.now() / 1000 - 59);
    expect(iat).toBeLessThanOrEqual(exp);
  });

  it('introspects a valid token as active and every other string as inactive', async () => {
    const active = await post('/introspect', { token: await token({ permissions: [view] }) });
    expect(await active.json()).toMatchObject({ active: true, sub: 'alice', permissions: [view] });
    const expired = await post('/introspect', { token: await token({ expiresIn: -1 }) });
    expect(await expired.json()).toEqual({ active: false });
    expect(await (await post('/introspect', { token: 'x' })).json()).toEqual({ active: false });
  });

  it.each(['/permission', '/resource_set'])('requires a PAT at %s', async (path) => {
    const authorization = `Bearer ${await token()}`;
    const init = { method: 'POST', body: '{}', headers: { authorization } };
    expect((await fetch(issuer.issuer + path, init)).status).toBe(401);
    expect((await post(path, {})).status).toBe(401);
  });

  it('lists, changes and deletes resources as an authorization server does', async () => {
    const authorization = `Bearer ${await token({ scope: 'uma_protection' })}`;
    const send = async (method: string, path: string, description?: object) => {
      const body = description && JSON.stringify(description);
      const url = `${issuer.issuer}/resource_set${path}`;
      const response = await fetch(url, { method, body, headers: { authorization } });
      const text = await response.text();
      return [response.status, text && (JSON.parse(text) as unknown)];
    };
    const [name, resource_scopes] = ['album 9', ['view']];
    const path = `/${encodeURIComponent(name)}`;
    await send('POST', '', { name, resource_scopes: [] });
    expect(await send('PUT', path, { name, resource_scopes })).toEqual([204, '']);
    expect(await send('GET', path)).toEqual([200, { _id: name, name, resource_scopes }]);
    expect(await send('GET', '')).toEqual([200, expect.arrayContaining([name])]);
    expect(await send('DELETE', path)).toEqual([204, '']);
    expect(await send('GET', path)).toEqual([404, { error: 'not_found' }]);
  });

  it.each([
    { name: 'an unknown resource', resource_id: 'x', error: 'invalid_resource_id' },
    { name: 'an unknown scope', resource_id: 'known', error: 'invalid_scope' },
  ])('issues no ticket for $name', async ({ resource_id, error }) => {
    const pat = await token({ scope: 'uma_protection' });
    const send = (path: string, json: object) =>
      fetch(issuer.issuer + path, {
        method: 'POST',
        body: JSON.stringify(json),
        headers: { authorization: `Bearer ${pat}` },
      });
    await send('/resource_set', { name: 'known', resource_scopes: ['view'] });
    const response = await send('/permission', { resource_id, resource_scopes: ['edit'] });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error });
  });

  it.each([
    { name: 'a login', send: () => fetch(`${issuer.issuer}/authorize`), status: 404 },
    {
      name: 'an RPT',
      send: () => post('/token', { grant_type: 'urn:ietf:params:oauth:grant-type:uma-ticket' }),
      status: 400,
    },
  ])('rejects the request for $name and names startSandbox()', async ({ send, status }) => {
    const response = await send();
    expect(response.status).toBe(status);
    expect(await response.text()).toContain('startSandbox() of nestjs-oxd/sandbox');
  });

  describe('after rotateKeys()', () => {
    let own: TestIssuer;
    let old: string;

    beforeEach(async () => {
      own = await TestIssuer.start();
      old = await token({}, own);
    });

    afterEach(() => own.close());

    async function verify(issued: string): Promise<unknown> {
      const keys = createRemoteJWKSet(new URL(`${own.issuer}/jwks`));
      return (await jwtVerify(issued, keys)).payload;
    }

    it('has only its new key', async () => {
      await own.rotateKeys();
      await expect(verify(old)).rejects.toThrow('no applicable key found');
      expect(await verify(await token({ sub: 'bob' }, own))).toMatchObject({ sub: 'bob' });
    });

    it('has the former keys, too, with keepOld', async () => {
      await own.rotateKeys({ keepOld: true });
      await own.rotateKeys({ keepOld: true });
      expect(await verify(old)).toMatchObject({ sub: 'alice' });
      expect(await verify(await token({ sub: 'bob' }, own))).toMatchObject({ sub: 'bob' });
    });
  });

  it('responds with the status of disturb() at this endpoint until it is called again', async () => {
    issuer.disturb('jwks', { status: 503 });
    expect((await fetch(`${issuer.issuer}/jwks`)).status).toBe(503);
    expect((await post('/introspect', { token: 'x' })).status).toBe(200);
    issuer.disturb('jwks');
    expect((await fetch(`${issuer.issuer}/jwks`)).status).toBe(200);
  });

  it('does not respond while disturb() lets the endpoint hang', async () => {
    issuer.disturb('introspection', { hang: true });
    const before = issuer.requests.introspection;
    const controller = new AbortController();
    const { signal } = controller;
    const pending = fetch(`${issuer.issuer}/introspect`, { method: 'POST', signal });
    while (issuer.requests.introspection === before) await setImmediate();
    await fetch(`${issuer.issuer}/jwks`);
    controller.abort();
    await expect(pending).rejects.toThrow('aborted');
    issuer.disturb('introspection');
  });

  it('responds with 400 to a body that is not JSON', async () => {
    expect((await post('/register', {})).status).toBe(400);
  });

  it('responds to no request after close()', async () => {
    const closed = await TestIssuer.start();
    await closed.close();
    await expect(fetch(`${closed.issuer}/jwks`)).rejects.toThrow('fetch failed');
  });

  it('does not start if NODE_ENV is production', async () => {
    const { NODE_ENV } = process.env;
    process.env.NODE_ENV = 'production';
    try {
      await expect(TestIssuer.start()).rejects.toThrow('NODE_ENV: TestIssuer is for tests');
    } finally {
      process.env.NODE_ENV = NODE_ENV;
    }
  });
});
