import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { discovery, allowInsecureRequests, clientCredentialsGrant } from 'openid-client';
import type { Sandbox } from '../../../../lib/sandbox/sandbox.js';
import { registerSecret } from '../../../support/secrets.js';
import {
  claimToken,
  startQuietly,
  UMA_GRANT,
  UmaWorld,
  type Client,
  type ResourceServer,
} from '../../../support/sandbox-uma-world.js';

let sandbox: Sandbox;
let world: UmaWorld;
let albums: ResourceServer;
let other: ResourceServer;

beforeAll(async () => {
  sandbox = await startQuietly({ policies: () => 'grant' });
  world = new UmaWorld(sandbox);
  albums = await world.resourceServer();
  other = await world.resourceServer();
});
afterAll(() => sandbox.close());

const VALID = { name: '[GET] /albums/:id', resource_scopes: ['view'] };

describe('discovery of UMA', () => {
  it('lists endpoints, grant types and scopes', async () => {
    const { issuer } = sandbox;
    const reply = await world.send('/.well-known/uma2-configuration');
    expect(reply.headers.get('content-type')).toContain('application/json');
    expect(reply.body).toMatchObject({
      issuer,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      registration_endpoint: `${issuer}/reg`,
      introspection_endpoint: `${issuer}/uma/introspection`,
      permission_endpoint: `${issuer}/uma/permission`,
      resource_registration_endpoint: `${issuer}/uma/resources`,
      claims_interaction_endpoint: `${issuer}/uma/claims`,
      grant_types_supported: expect.arrayContaining([UMA_GRANT]),
      scopes_supported: expect.arrayContaining(['uma_protection']),
      uma_profiles_supported: [],
    });
  });

  it('agrees with OpenID discovery', async () => {
    const uma = (await world.send('/.well-known/uma2-configuration')).body;
    const oidc = (await world.send('/.well-known/openid-configuration')).body;
    const own = [
      ...['permission_endpoint', 'resource_registration_endpoint', 'uma_profiles_supported'],
      'claims_interaction_endpoint',
    ];
    const shared = Object.keys(uma).filter(
      (name) => name !== 'introspection_endpoint' && !own.includes(name),
    );
    for (const name of shared)
      expect([name, sorted(uma[name])]).toEqual([name, sorted(oidc[name])]);
    for (const name of own) expect(oidc).not.toHaveProperty(name);
  });

  it('is rejected under another host name, as is the protection API', async () => {
    for (const path of ['/.well-known/uma2-configuration', '/uma/resources', '/uma/permission']) {
      const response = await fetch(sandbox.issuer.replace('localhost', '127.0.0.1') + path);
      expect(response.status).toBe(421);
    }
  });

  it('accepts only GET', async () => {
    const reply = await world.send('/.well-known/uma2-configuration', { method: 'POST' });
    expect(reply.status).toBe(405);
  });
});

describe('a protection API token', () => {
  it('is issued to openid-client with the scope uma_protection', async () => {
    const { client_id, client_secret } = albums.client;
    const configuration = await discovery(
      new URL(sandbox.issuer),
      client_id,
      client_secret,
      undefined,
      {
        execute: [allowInsecureRequests],
      },
    );
    const tokens = await clientCredentialsGrant(configuration, { scope: 'uma_protection' });
    registerSecret(tokens.access_token);
    const reply = await world.call(tokens.access_token, 'GET', '/uma/resources');
    expect(reply.status).toBe(200);
  });

  it.each([
    ['GET', '/uma/resources'],
    ['POST', '/uma/resources'],
    ['GET', '/uma/resources/some'],
    ['POST', '/uma/permission'],
    ['POST', '/uma/introspection'],
  ])('is required for %s %s', async (method, path) => {
    const without = await world.call(undefined, method, path);
    expect(without.status).toBe(401);
    expect(without.headers.get('www-authenticate')).toBe('Bearer realm="uma"');
    const unknown = await world.call('guessed', method, path);
    expect(unknown.status).toBe(401);
    expect(unknown.headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect(unknown.headers.get('cache-control')).toBe('no-store');
  });

  it('is rejected with 403 when it has another scope or none', async () => {
    for (const scope of ['oxd', undefined]) {
      const token = await world.clientToken(albums.client, scope);
      const reply = await world.call(token, 'GET', '/uma/resources');
      expect(reply).toMatchObject({ status: 403, body: { error: 'insufficient_scope' } });
      expect(reply.headers.get('www-authenticate')).toContain('scope="uma_protection"');
    }
  });

  it('is neither an access token of a user, nor an RPT, nor client credentials', async () => {
    const { access_token } = await world.logIn(albums.client);
    const id = await world.resource(albums, 'a');
    const ticket = await world.ticket(albums, id);
    const rpt = await world.ask(albums.client, { ticket });
    expect((await world.call(access_token, 'GET', '/uma/resources')).status).toBe(401);
    expect((await world.call(String(rpt.body.access_token), 'GET', '/uma/resources')).status).toBe(
      403,
    );
    const { client_id, client_secret } = albums.client;
    const basic = Buffer.from(`${client_id}:${client_secret}`).toString('base64');
    const reply = await world.send('/uma/resources', {
      headers: { authorization: `Basic ${basic}` },
    });
    expect(reply.status).toBe(401);
  });

  it('ends with its client, and so do the resources', async () => {
    const gone = await world.resourceServer();
    await world.resource(gone, 'a');
    await remove(gone.client);
    expect((await world.call(gone.pat, 'GET', '/uma/resources')).status).toBe(401);
  });
});

describe('resource registration', () => {
  it('creates, reads, lists, replaces and deletes', async () => {
    const own = await world.resourceServer();
    const description = { ...VALID, type: 'album', icon_uri: 'https://example.com/i.png' };
    const created = await world.call(own.pat, 'POST', '/uma/resources', description);
    const id = String(created.body._id);
    expect(created).toMatchObject({ status: 201, body: { _id: expect.any(String) } });
    expect(created.headers.get('location')).toBe(`${sandbox.issuer}/uma/resources/${id}`);
    expect(created.headers.get('cache-control')).toBe('no-store');

    const one = `/uma/resources/${id}`;
    expect((await world.call(own.pat, 'GET', one)).body).toEqual({ _id: id, ...description });
    expect((await world.call(own.pat, 'GET', '/uma/resources')).body).toEqual([id]);

    const less = { resource_scopes: ['view', 'edit', 'view'] };
    const replaced = await world.call(own.pat, 'PUT', one, less);
    expect(replaced).toMatchObject({ status: 200, body: { _id: id } });
    const after = { _id: id, resource_scopes: ['view', 'edit'] };
    expect((await world.call(own.pat, 'GET', one)).body).toEqual(after);

    expect((await world.call(own.pat, 'DELETE', one)).status).toBe(204);
    expect((await world.call(own.pat, 'GET', one)).status).toBe(404);
    expect((await world.call(own.pat, 'GET', '/uma/resources')).body).toEqual([]);
  });

  it('assigns two ids to two resources of one name', async () => {
    const ids = [await world.resource(albums, 'same'), await world.resource(albums, 'same')];
    expect(ids[0]).not.toBe(ids[1]);
  });

  it.each(['GET', 'PUT', 'DELETE'])(
    'responds 404 to %s of a missing resource and of a resource of another resource server',
    async (method) => {
      const id = await world.resource(albums, 'mine');
      for (const path of [id, 'no-such-id', '__proto__', '%2e%2e%2fadmin']) {
        const body = method === 'PUT' ? VALID : undefined;
        const reply = await world.call(other.pat, method, `/uma/resources/${path}`, body);
        expect(reply).toMatchObject({ status: 404, body: { error: 'not_found' } });
      }
      expect((await world.call(albums.pat, 'GET', `/uma/resources/${id}`)).status).toBe(200);
    },
  );

  it.each([
    ['PUT', '/uma/resources', 'GET, POST'],
    ['DELETE', '/uma/resources', 'GET, POST'],
    ['POST', '/uma/resources/:id', 'GET, PUT, DELETE'],
    ['PATCH', '/uma/resources/:id', 'GET, PUT, DELETE'],
    ['GET', '/uma/permission', 'POST'],
    ['GET', '/uma/introspection', 'POST'],
  ])('responds 405 to %s %s', async (method, path, allow) => {
    const id = await world.resource(albums, 'a');
    const reply = await world.call(albums.pat, method, path.replace(':id', id));
    expect(reply).toMatchObject({ status: 405, body: { error: 'unsupported_method_type' } });
    expect(reply.headers.get('allow')).toBe(allow);
  });

  it.each<[string, unknown, string]>([
    ['no scopes', { name: 'a' }, 'invalid_request'],
    ['scopes that are no list', { resource_scopes: 'view' }, 'invalid_request'],
    ['a list', [VALID], 'invalid_request'],
    ['null', null, 'invalid_request'],
    ['a name that is no text', { ...VALID, name: 7 }, 'invalid_request'],
    ['a name that is too long', { ...VALID, name: 'x'.repeat(1001) }, 'invalid_request'],
    [
      'too many scopes',
      { resource_scopes: Array.from({ length: 101 }, String) },
      'invalid_request',
    ],
    ['a scope that is no text', { resource_scopes: [1] }, 'invalid_scope'],
    ['an empty scope', { resource_scopes: [''] }, 'invalid_scope'],
    ['a scope with a space', { resource_scopes: ['view edit'] }, 'invalid_scope'],
    ['a scope with a line break', { resource_scopes: ['view\n'] }, 'invalid_scope'],
  ])('rejects %s on creation and on replacement', async (_what, body, error) => {
    const id = await world.resource(albums, 'a');
    for (const [method, path] of [
      ['POST', '/uma/resources'],
      ['PUT', `/uma/resources/${id}`],
    ] as const) {
      const reply = await world.call(albums.pat, method, path, body);
      expect(reply).toMatchObject({ status: 400, body: { error } });
    }
    expect((await world.call(albums.pat, 'GET', `/uma/resources/${id}`)).status).toBe(200);
  });

  it.each<[string, number, { body: string; headers?: Record<string, string> }]>([
    ['that is not JSON', 400, { body: '{', headers: { 'content-type': 'application/json' } }],
    ['of another type', 400, { body: JSON.stringify(VALID) }],
    [
      'that is too large',
      413,
      { body: `"${'x'.repeat(70_000)}"`, headers: { 'content-type': 'application/json' } },
    ],
  ])('rejects a body %s', async (_what, status, init) => {
    const headers = { ...init.headers, authorization: `Bearer ${albums.pat}` };
    const reply = await world.send('/uma/resources', { method: 'POST', ...init, headers });
    expect(reply).toMatchObject({ status, body: { error: 'invalid_request' } });
  });
});

describe('the permission endpoint', () => {
  it('issues a ticket of 256 bits for one permission, for a list, and for no scope', async () => {
    const id = await world.resource(albums, 'a');
    const permission = { resource_id: id, resource_scopes: ['view'] };
    const bodies = [
      permission,
      [permission],
      [permission, permission],
      { ...permission, resource_scopes: [] },
    ];
    const tickets = new Set<unknown>();
    for (const body of bodies) {
      const reply = await world.call(albums.pat, 'POST', '/uma/permission', body);
      expect(reply).toMatchObject({ status: 201, body: { ticket: expect.any(String) } });
      expect(reply.headers.get('cache-control')).toBe('no-store');
      expect(Buffer.from(String(reply.body.ticket), 'base64url')).toHaveLength(32);
      tickets.add(reply.body.ticket);
    }
    expect(tickets.size).toBe(bodies.length);
  });

  it.each<[string, (id: string) => unknown, string]>([
    ['nothing', () => [], 'invalid_request'],
    ['null', () => null, 'invalid_request'],
    ['no id', () => ({ resource_scopes: ['view'] }), 'invalid_request'],
    ['no scopes', (resource_id) => ({ resource_id }), 'invalid_request'],
    ['an empty id', () => ({ resource_id: '', resource_scopes: ['view'] }), 'invalid_resource_id'],
    [
      'an unknown id',
      () => ({ resource_id: 'x', resource_scopes: ['view'] }),
      'invalid_resource_id',
    ],
    [
      'an unknown scope',
      (id) => ({ resource_id: id, resource_scopes: ['delete'] }),
      'invalid_scope',
    ],
    [
      'the prefix of a scope',
      (id) => ({ resource_id: id, resource_scopes: ['vie'] }),
      'invalid_scope',
    ],
    [
      'a scope in capitals',
      (id) => ({ resource_id: id, resource_scopes: ['View'] }),
      'invalid_scope',
    ],
    [
      'one good and one bad',
      (id) => [
        { resource_id: id, resource_scopes: ['view'] },
        { resource_id: 'x', resource_scopes: ['view'] },
      ],
      'invalid_resource_id',
    ],
    [
      'too many',
      (id) => Array.from({ length: 51 }, () => ({ resource_id: id, resource_scopes: ['view'] })),
      'invalid_request',
    ],
  ])('rejects %s', async (_what, body, error) => {
    const id = await world.resource(albums, 'a');
    const reply = await world.call(albums.pat, 'POST', '/uma/permission', body(id));
    expect(reply).toMatchObject({ status: 400, body: { error } });
    expect(reply.body).not.toHaveProperty('ticket');
  });

  it('rejects the resource of another resource server', async () => {
    const id = await world.resource(albums, 'a');
    const body = { resource_id: id, resource_scopes: ['view'] };
    const reply = await world.call(other.pat, 'POST', '/uma/permission', body);
    expect(reply).toMatchObject({ status: 400, body: { error: 'invalid_resource_id' } });
  });
});

describe('introspection of an RPT', () => {
  let client: Client;
  let zoe: { readonly id_token: string; readonly access_token: string };
  beforeAll(async () => {
    client = await world.register();
    zoe = await world.logIn(client);
  });

  async function rptFor(id: string, scopes?: string[]): Promise<string> {
    const ticket = await world.ticket(albums, id, scopes);
    const reply = await world.ask(client, { ticket, ...claimToken(zoe) });
    return String(reply.body.access_token);
  }

  it('returns permissions with expiry, subject, client and audience, but no scope', async () => {
    const id = await world.resource(albums, 'a');
    const reply = await world.introspect(albums, await rptFor(id));
    const now = Math.floor(Date.now() / 1000);
    const { exp } = reply.body;
    expect(exp).toBeGreaterThan(now + 500);
    expect(reply.body).toEqual({
      active: true,
      token_type: 'Bearer',
      client_id: client.client_id,
      sub: 'user-zoe',
      iss: sandbox.issuer,
      aud: albums.client.client_id,
      exp,
      iat: expect.any(Number),
      permissions: [{ resource_id: id, resource_scopes: ['view'], exp }],
    });
    expect(reply.headers.get('cache-control')).toBe('no-store');
  });

  it.each<[string, () => Promise<string>]>([
    ['an unknown one', () => Promise.resolve('guessed')],
    ['an access token', () => Promise.resolve(zoe.access_token)],
    ['an id_token', () => Promise.resolve(zoe.id_token)],
    ['the PAT itself', () => Promise.resolve(albums.pat)],
    ['a token of a client', () => world.clientToken(client)],
    [
      'an RPT of another resource server',
      async () => {
        const ticket = await world.ticket(other, await world.resource(other, 'a'));
        return String((await world.ask(client, { ticket })).body.access_token);
      },
    ],
    [
      'an RPT of a resource that was deleted',
      async () => {
        const id = await world.resource(albums, 'a');
        const rpt = await rptFor(id);
        await world.call(albums.pat, 'DELETE', `/uma/resources/${id}`);
        return rpt;
      },
    ],
    [
      'an RPT of a client that is gone',
      async () => {
        const gone = await world.register();
        const ticket = await world.ticket(albums, await world.resource(albums, 'a'));
        const { body } = await world.ask(gone, { ticket });
        await remove(gone);
        return String(body.access_token);
      },
    ],
    [
      'a revoked RPT',
      async () => {
        const token = await rptFor(await world.resource(albums, 'a'));
        await world.asClient(client, '/token/revocation', { token });
        return token;
      },
    ],
  ])('returns only inactive for %s', async (_what, issue) => {
    const reply = await world.introspect(albums, await issue());
    expect(reply).toMatchObject({ status: 200 });
    expect(reply.body).toEqual({ active: false });
  });

  it('omits scopes that the resource no longer has', async () => {
    const id = await world.resource(albums, 'a');
    const rpt = await rptFor(id, ['view', 'edit']);
    const path = `/uma/resources/${id}`;
    await world.call(albums.pat, 'PUT', path, { resource_scopes: ['edit'] });
    expect((await world.introspect(albums, rpt)).body.permissions).toMatchObject([
      { resource_id: id, resource_scopes: ['edit'] },
    ]);
    await world.call(albums.pat, 'PUT', path, { resource_scopes: ['other'] });
    expect((await world.introspect(albums, rpt)).body).toEqual({ active: false });
  });

  it.each(['', 'token=', 'token=a&token=b', 'tok%00en=a'])('rejects the form %s', async (form) => {
    const reply = await world.send('/uma/introspection', {
      method: 'POST',
      headers: {
        authorization: `Bearer ${albums.pat}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: form,
    });
    expect(reply).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });

  it('at the OAuth endpoint is allowed only to its client and its resource server', async () => {
    const token = await rptFor(await world.resource(albums, 'a'));
    for (const [by, active] of [
      [client, true],
      [albums.client, true],
      [other.client, false],
    ] as const) {
      const reply = await world.asClient(by, '/token/introspection', { token });
      expect(reply.body.active).toBe(active);
    }
  });
});

describe('a restart', () => {
  it('preserves resources, except those of a deleted client', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'oxd-sandbox-'));
    const clientsFile = join(folder, 'clients.json');
    try {
      const first = await startQuietly({ clientsFile });
      const before = new UmaWorld(first);
      const kept = await before.resourceServer();
      const gone = await before.resourceServer();
      const id = await before.resource(kept, '[GET] /albums');
      await before.resource(gone, '[GET] /gone');
      await remove(gone.client);
      const deleted = await before.resource(kept, '[GET] /deleted');
      await before.call(kept.pat, 'DELETE', `/uma/resources/${deleted}`);
      await first.close();

      const again = await startQuietly({ clientsFile });
      const after = new UmaWorld(again);
      try {
        const pat = await after.clientToken(kept.client, 'uma_protection');
        expect((await after.call(pat, 'GET', '/uma/resources')).body).toEqual([id]);
        const reply = await after.call(pat, 'GET', `/uma/resources/${id}`);
        expect(reply.body).toMatchObject({ name: '[GET] /albums' });
      } finally {
        await again.close();
      }
      expect(await readFile(clientsFile, 'utf8')).not.toContain('/gone');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

function sorted(value: unknown): unknown {
  return Array.isArray(value) ? [...(value as string[])].sort() : value;
}

async function remove({ registration_client_uri, registration_access_token }: Client) {
  const headers = { authorization: `Bearer ${registration_access_token}` };
  await fetch(registration_client_uri, { method: 'DELETE', headers });
}
