import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { SignJWT, UnsecuredJWT, generateKeyPair } from 'jose';
import type {
  Sandbox,
  SandboxPolicy,
  SandboxPolicyRequest,
} from '../../../../lib/sandbox/sandbox.js';
import { registerSecret } from '../../../support/secrets.js';
import {
  claimToken,
  ID_TOKEN,
  startQuietly,
  UmaWorld,
  type Client,
  type Reply,
  type ResourceServer,
} from '../../../support/sandbox-uma-world.js';

const realNow = Date.now.bind(Date);
let passed = 0;
jest.spyOn(Date, 'now').mockImplementation(() => realNow() + passed);
afterEach(() => {
  passed = 0;
});
afterAll(() => jest.restoreAllMocks());

const MINUTE = 60_000;
const policyRequests: SandboxPolicyRequest[] = [];
const lines: string[] = [];
const secrets = new Set<string>();

const POLICIES: Record<string, SandboxPolicy> = {
  open: () => 'grant',
  closed: () => 'deny',
  'only view': () => ({ grant: ['view', 'delete'] }),
  known: ({ claims }) => (claims ? 'grant' : { need: { identity: true } }),
  'zoe alone': ({ claims }) => (claims?.sub === 'user-zoe' ? 'grant' : 'deny'),
  never: () => ({ need: { identity: true } }),
  remembers: (request) => {
    policyRequests.push(request);
    return Promise.resolve('grant');
  },
  throws: () => {
    throw new Error('a bug in the policy');
  },
  rejects: () => Promise.reject(new Error('a bug in the policy')),
  tampers: ({ resource, scopes, claims }) => {
    if (claims) Object.assign(claims, { sub: 'user-eleni' });
    (scopes as string[]).push('edit', 'delete');
    (resource.resource_scopes as string[]).push('delete');
    return 'grant';
  },
};
for (const [name, answer] of Object.entries<unknown>({
  nothing: undefined,
  'a truth': true,
  'the name of a verdict': 'granted',
  'a grant of nothing': { grant: [] },
  'a grant of all': { grant: 'view' },
  'a need of nothing': { need: {} },
  'a need that is null': { need: null },
  'a wrong question': { need: { questions: [{ name: 'a b', text: 'c' }] } },
})) {
  POLICIES[name] = () => answer as 'deny';
}

let sandbox: Sandbox;
let world: UmaWorld;
let albums: ResourceServer;
let client: Client;
let zoe: { readonly id_token: string; readonly access_token: string };

beforeAll(async () => {
  sandbox = await startQuietly({
    policies: POLICIES,
    quiet: false,
    log: (line) => lines.push(line),
    onSecret: (value) => {
      secrets.add(value);
      registerSecret(value);
    },
  });
  world = new UmaWorld(sandbox);
  albums = await world.resourceServer();
  client = await world.register();
  zoe = await world.logIn(client);
});
afterAll(() => sandbox.close());

/** A ticket for a new resource of this name, that is: under the policy of this name. */
async function ticketFor(policy: string, scopes?: string[]): Promise<string> {
  return world.ticket(albums, await world.resource(albums, policy), scopes);
}

async function askFor(policy: string, params: object = {}, by = client): Promise<Reply> {
  return world.ask(by, { ticket: await ticketFor(policy), ...params });
}

const scopesOf = async ({ body }: Reply): Promise<unknown> =>
  (
    (await world.introspect(albums, body.access_token)).body.permissions as
      { resource_scopes: string[] }[] | undefined
  )?.map(({ resource_scopes }) => resource_scopes);

describe('a granted request', () => {
  it('gets an RPT with only the requested permissions', async () => {
    const reply = await askFor('open');
    expect(reply.status).toBe(200);
    expect(reply.headers.get('cache-control')).toBe('no-store');
    expect(reply.body).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 600,
    });
    expect(await scopesOf(reply)).toEqual([['view']]);
  });

  it('gets a PCT when the requesting party is known', async () => {
    const reply = await askFor('open', claimToken(zoe));
    expect(reply.body).toMatchObject({ pct: expect.any(String) });
    expect(reply.body).not.toHaveProperty('upgraded');
  });

  it('gets only scopes that are both granted and requested', async () => {
    const ticket = await ticketFor('only view', ['view', 'edit']);
    expect(await scopesOf(await world.ask(client, { ticket }))).toEqual([['view']]);
  });

  it('gets the granted part of several resources', async () => {
    const ids = await Promise.all(
      ['open', 'closed', 'only view'].map((name) => world.resource(albums, name)),
    );
    const permissions = ids.map((resource_id) => ({ resource_id, resource_scopes: ['edit'] }));
    const { body } = await world.call(albums.pat, 'POST', '/uma/permission', permissions);
    const reply = await world.ask(client, { ticket: String(body.ticket) });
    expect((await world.introspect(albums, reply.body.access_token)).body.permissions).toEqual([
      { resource_id: ids[0], resource_scopes: ['edit'], exp: expect.any(Number) },
    ]);
  });

  it('passes resource, scopes, client and requesting party to the policy', async () => {
    const id = await world.resource(albums, 'remembers');
    const ticket = await world.ticket(albums, id, ['edit']);
    await world.ask(client, { ticket, ...claimToken(zoe) });
    expect(policyRequests.at(-1)).toEqual({
      client_id: client.client_id,
      resource: { _id: id, name: 'remembers', resource_scopes: ['view', 'edit'] },
      scopes: ['edit'],
      claims: expect.objectContaining({ sub: 'user-zoe', email: 'zoe@example.com' }),
      answers: {},
      approved: undefined,
    });
    await askFor('remembers');
    expect(policyRequests.at(-1)?.claims).toBeUndefined();
  });

  it('is not extended by a policy that changes its input', async () => {
    const id = await world.resource(albums, 'tampers');
    const ticket = await world.ticket(albums, id);
    const reply = await world.ask(client, { ticket, ...claimToken(zoe) });
    expect(await scopesOf(reply)).toEqual([['view']]);
    expect(sandbox.users.map(({ claims }) => claims.sub)).toContain('user-zoe');
    const resource = await world.call(albums.pat, 'GET', `/uma/resources/${id}`);
    expect(resource.body.resource_scopes).toEqual(['view', 'edit']);
  });

  it('is available to a public client', async () => {
    const own = await world.register({ token_endpoint_auth_method: 'none' });
    const grant_type = 'urn:ietf:params:oauth:grant-type:uma-ticket';
    const ticket = await ticketFor('open');
    const reply = await world.send('/token', {
      method: 'POST',
      body: new URLSearchParams({ grant_type, client_id: own.client_id, ticket }),
    });
    expect(reply.status).toBe(200);
  });

  it('ends with its lifetime', async () => {
    const { body } = await askFor('open');
    passed = 11 * MINUTE;
    albums = { ...albums, pat: await world.clientToken(albums.client, 'uma_protection') };
    expect((await world.introspect(albums, body.access_token)).body).toEqual({ active: false });
  });
});

describe('a request that is denied', () => {
  it.each([
    'closed',
    'a resource without a policy',
    '__proto__',
    'constructor',
    'nothing',
    'a truth',
    'the name of a verdict',
    'a grant of nothing',
    'a grant of all',
    'a need of nothing',
    'a need that is null',
    'a wrong question',
    'throws',
    'rejects',
  ])('where the policy is: %s', async (policy) => {
    const reply = await askFor(policy, claimToken(zoe));
    expect(reply.status).toBe(403);
    expect(reply.body).toEqual({ error: 'request_denied' });
    expect(reply.headers.get('cache-control')).toBe('no-store');
  });

  it('logs the reason when a policy throws', async () => {
    await askFor('throws');
    expect(lines.at(-1)).toContain('a bug in the policy');
  });
});

describe('a ticket', () => {
  it('is valid once', async () => {
    const ticket = await ticketFor('open');
    expect((await world.ask(client, { ticket })).status).toBe(200);
    expectInvalidGrant(await world.ask(client, { ticket }));
  });

  it('is valid for exactly one of 20 concurrent requests', async () => {
    const ticket = await ticketFor('open');
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => world.ask(client, { ticket })),
    );
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    replies.filter(({ status }) => status !== 200).forEach(expectInvalidGrant);
  });

  it.each([
    ['a denial', 'closed', {}],
    ['an unknown format of claims', 'open', { claim_token: 'a', claim_token_format: 'b' }],
    ['an unknown scope', 'open', { scope: 'unknown' }],
  ])('is spent by %s', async (_what, policy, params) => {
    const ticket = await ticketFor(policy);
    expect((await world.ask(client, { ticket, ...params })).status).not.toBe(200);
    expectInvalidGrant(await world.ask(client, { ticket }));
  });

  it('is valid for five minutes', async () => {
    const [early, late] = [await ticketFor('open'), await ticketFor('open')];
    passed = 5 * MINUTE - 1000;
    expect((await world.ask(client, { ticket: early })).status).toBe(200);
    passed = 5 * MINUTE;
    expectInvalidGrant(await world.ask(client, { ticket: late }));
  });

  it('belongs to the client of the previous ticket, and is consumed by another client', async () => {
    const { body } = await askFor('known');
    const ticket = String(body.ticket);
    const thief = await world.register();
    expectInvalidGrant(await world.ask(thief, { ticket }));
    expectInvalidGrant(await world.ask(client, { ticket, ...claimToken(zoe) }));
  });

  it('of one resource server gives no access at another', async () => {
    const other = await world.resourceServer();
    const reply = await world.ask(client, {
      ticket: await world.ticket(other, await world.resource(other, 'open')),
    });
    expect(reply.status).toBe(200);
    const seen = await world.introspect(albums, reply.body.access_token);
    expect(seen.body).toEqual({ active: false });
  });

  it.each(['DELETE', 'PUT'])('is invalid after %s of its resource', async (method) => {
    const id = await world.resource(albums, 'open');
    const ticket = await world.ticket(albums, id);
    const body = method === 'PUT' ? { name: 'open', resource_scopes: ['edit'] } : undefined;
    await world.call(albums.pat, method, `/uma/resources/${id}`, body);
    expectInvalidGrant(await world.ask(client, { ticket }));
  });

  it.each([
    { name: 'empty', ticket: '' },
    { name: 'guessed', ticket: 'guessed' },
    { name: 'too long', ticket: 'x'.repeat(5000) },
  ])('is rejected when it is $name', async ({ ticket }) => {
    const reply = await world.ask(client, { ticket });
    expect(reply.status).toBe(400);
    expect(reply.body).not.toHaveProperty('access_token');
  });

  it('is required', async () => {
    const reply = await world.ask(client, {});
    expect(reply).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });

  it('is not accepted without the client secret, and not consumed by a wrong one', async () => {
    const ticket = await ticketFor('open');
    const guess = await world.ask({ ...client, client_secret: 'guessed' }, { ticket });
    expect(guess).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect((await world.ask(client, { ticket })).status).toBe(200);
  });

  it('is not accepted from a client that did not register for the grant', async () => {
    const plain = await world.register({ grant_types: ['authorization_code'] });
    const reply = await askFor('open', {}, plain);
    expect(reply.status).toBe(400);
    expect(reply.body).not.toHaveProperty('access_token');
  });
});

describe('need_info', () => {
  it('names the claim token format and the claims interaction endpoint, with a new ticket', async () => {
    const ticket = await ticketFor('known');
    const reply = await world.ask(client, { ticket });
    expect(reply.status).toBe(403);
    expect(reply.headers.get('cache-control')).toBe('no-store');
    expect(reply.body).toEqual({
      error: 'need_info',
      ticket: expect.stringMatching(/^[\w-]{43}$/),
      required_claims: [
        {
          claim_token_format: [ID_TOKEN],
          friendly_name: 'Who you are',
          issuer: [sandbox.issuer],
          name: 'sub',
        },
      ],
      redirect_user: `${sandbox.issuer}/uma/claims`,
    });
    expect(reply.body.ticket).not.toBe(ticket);
    const next = { ticket: String(reply.body.ticket), ...claimToken(zoe) };
    expect((await world.ask(client, next)).status).toBe(200);
  });

  it('is returned for every further request, each time with a new ticket', async () => {
    const seen = new Set([await ticketFor('never')]);
    let [ticket = ''] = seen;
    for (let rounds = 0; rounds < 20; rounds++) {
      const { body } = await world.ask(client, { ticket, ...claimToken(zoe) });
      expect(body.error).toBe('need_info');
      ticket = String(body.ticket);
      seen.add(ticket);
    }
    expect(seen.size).toBe(21);
    expect([...secrets]).toEqual(expect.arrayContaining([...seen]));
  });
});

describe('the requesting party', () => {
  it.each(['id_token', 'access_token'] as const)('is identified by an %s', async (kind) => {
    const claims = kind === 'id_token' ? claimToken(zoe) : { subject_token: zoe.access_token };
    const reply = await askFor('zoe alone', claims);
    expect(reply.status).toBe(200);
    expect((await world.introspect(albums, reply.body.access_token)).body.sub).toBe('user-zoe');
  });

  it('is unknown when the client pushes no token', async () => {
    const reply = await askFor('open');
    const seen = await world.introspect(albums, reply.body.access_token);
    expect(seen.body).not.toHaveProperty('sub');
    expect((await askFor('zoe alone')).body.error).toBe('request_denied');
  });

  it('must not change between requests', async () => {
    const eleni = await world.logIn(client, 'eleni');
    const first = await askFor('never', claimToken(zoe));
    const ticket = String(first.body.ticket);
    const reply = await world.ask(client, { ticket, ...claimToken(eleni) });
    expect(reply).toMatchObject({ status: 403, body: { error: 'request_denied' } });
  });

  it('is remembered between requests', async () => {
    const id = await world.resource(albums, 'never');
    const first = await world.ask(client, {
      ticket: await world.ticket(albums, id),
      ...claimToken(zoe),
    });
    const now = { name: 'zoe alone', resource_scopes: ['view'] };
    await world.call(albums.pat, 'PUT', `/uma/resources/${id}`, now);
    expect((await world.ask(client, { ticket: String(first.body.ticket) })).status).toBe(200);
  });

  it.each<[string, () => Promise<object> | object]>([
    ['an id_token of another client', async () => claimToken(await otherLogin())],
    [
      'an access token of another client',
      async () => ({ subject_token: (await otherLogin()).access_token }),
    ],
    ['an access token as id_token', () => claimToken({ id_token: zoe.access_token })],
    ['an id_token as access token', () => ({ subject_token: zoe.id_token })],
    [
      'a token of a client as access token',
      async () => ({ subject_token: await world.clientToken(client) }),
    ],
    ['a guess', () => ({ subject_token: 'guessed' })],
    ['an empty id_token', () => claimToken({ id_token: '' })],
    ['no format', () => ({ claim_token: zoe.id_token })],
    ['no token', () => ({ claim_token_format: ID_TOKEN })],
    [
      'a format that is not checked',
      () => ({
        claim_token: Buffer.from('{"sub":["user-zoe"]}').toString('base64'),
        claim_token_format: 'urn:ietf:params:oauth:token-type:jwt',
      }),
    ],
    [
      'a good id_token in another format',
      () => ({ ...claimToken(zoe), claim_token_format: 'urn:ietf:params:oauth:token-type:jwt' }),
    ],
    [
      'an id_token without a signature',
      () => claimToken({ id_token: new UnsecuredJWT(forged()).encode() }),
    ],
    [
      'an id_token signed with a foreign key',
      async () => {
        const { privateKey } = await generateKeyPair('RS256');
        return signed(privateKey, 'RS256');
      },
    ],
    [
      'an id_token signed with the secret of the client',
      () => signed(Buffer.from(client.client_secret), 'HS256'),
    ],
    [
      'an id_token with another signature',
      () => claimToken({ id_token: `${zoe.id_token.slice(0, -8)}AAAAAAAA` }),
    ],
    [
      'an id_token with other claims',
      () => {
        const [head, , signature] = zoe.id_token.split('.');
        const body = Buffer.from(JSON.stringify(forged())).toString('base64url');
        return claimToken({ id_token: [head, body, signature].join('.') });
      },
    ],
    [
      'tokens of two users',
      async () => ({
        ...claimToken(zoe),
        subject_token: (await world.logIn(client, 'eleni')).access_token,
      }),
    ],
  ])('is not identified by %s', async (_what, make) => {
    const reply = await askFor('open', await make());
    expect(reply).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    expect(reply.body).not.toHaveProperty('access_token');
  });

  it.each([
    ['id_token', () => claimToken(zoe)],
    ['access token', () => ({ subject_token: zoe.access_token })],
  ])('is not identified by an expired %s', async (_what, params) => {
    passed = 61 * MINUTE;
    albums = { ...albums, pat: await world.clientToken(albums.client, 'uma_protection') };
    const reply = await askFor('open', params());
    expect(reply).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });

  const forged = () => ({
    iss: sandbox.issuer,
    aud: client.client_id,
    sub: 'user-amara',
    exp: Math.floor(Date.now() / 1000) + 600,
    iat: Math.floor(Date.now() / 1000),
  });

  async function signed(key: Parameters<SignJWT['sign']>[0], alg: string) {
    return claimToken({
      id_token: await new SignJWT(forged()).setProtectedHeader({ alg }).sign(key),
    });
  }

  const otherLogin = async () => world.logIn(await world.register());
});

it('a removed user is not accepted as requesting party', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'oxd-sandbox-'));
  const clientsFile = join(folder, 'clients.json');
  const policies = () => 'grant' as const;
  try {
    const first = await startQuietly({ clientsFile, policies });
    const before = new UmaWorld(first);
    const [own, by] = [await before.resourceServer(), await before.register()];
    const id = await before.resource(own, 'a');
    const user = claimToken(await before.logIn(by));
    await first.close();

    const port = Number(new URL(first.issuer).port);
    const users = first.users.filter(({ username }) => username !== 'zoe');
    const again = await startQuietly({ clientsFile, policies, port, users });
    try {
      const after = new UmaWorld(again);
      // fetch still has a connection to the first, and finds out by using it.
      await fetch(again.issuer).catch(() => undefined);
      const pat = await after.clientToken(own.client, 'uma_protection');
      const ticket = await after.ticket({ ...own, pat }, id);
      const reply = await after.ask(by, { ticket, ...user });
      expect(reply).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    } finally {
      await again.close();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

describe('additional scopes of the client', () => {
  it('are granted like those of the ticket, if the resource has them', async () => {
    const reply = await askFor('open', { scope: 'edit view' });
    expect(await scopesOf(reply)).toEqual([['view', 'edit']]);
  });

  it('are rejected if no resource of the ticket has them', async () => {
    const reply = await askFor('open', { scope: 'edit delete' });
    expect(reply).toMatchObject({ status: 400, body: { error: 'invalid_scope' } });
  });

  it('are the only scopes for a ticket without scopes, which alone grants nothing', async () => {
    const ticket = () => ticketFor('open', []);
    const some = await world.ask(client, { ticket: await ticket(), scope: 'edit' });
    expect(await scopesOf(some)).toEqual([['edit']]);
    expect(await scopesOf(await world.ask(client, { ticket: await ticket() }))).toEqual([[]]);
  });
});

describe('a persisted claims token', () => {
  async function pctOf(params = claimToken(zoe)): Promise<string> {
    return String((await askFor('known', params)).body.pct);
  }

  it('identifies the requesting party next time, and is replaced', async () => {
    const pct = await pctOf();
    const reply = await askFor('zoe alone', { pct });
    expect(reply.status).toBe(200);
    expect(reply.body.pct).not.toBe(pct);
    expect((await askFor('zoe alone', { pct })).body.error).toBe('request_denied');
    expect((await askFor('zoe alone', { pct: String(reply.body.pct) })).status).toBe(200);
  });

  it('stays valid when the request fails', async () => {
    const pct = await pctOf();
    expect((await askFor('closed', { pct })).status).toBe(403);
    expect((await askFor('zoe alone', { pct })).status).toBe(200);
  });

  it('is ignored for another client, and stays valid for its own client', async () => {
    const pct = await pctOf();
    const thief = await world.register();
    expect((await askFor('known', { pct }, thief)).body.error).toBe('need_info');
    expect((await askFor('open', { pct }, thief)).status).toBe(200);
    const own = claimToken(await world.logIn(thief));
    expect((await askFor('open', { pct, ...own }, thief)).status).toBe(200);
    expect((await askFor('zoe alone', { pct })).status).toBe(200);
  });

  it('is ignored for another requesting party', async () => {
    const eleni = await world.logIn(client, 'eleni');
    const pct = await pctOf();
    const reply = await askFor('zoe alone', { pct, ...claimToken(eleni) });
    expect(reply.body.error).toBe('request_denied');
  });

  it('is ignored when it was never issued', async () => {
    expect((await askFor('known', { pct: 'guessed' })).body.error).toBe('need_info');
  });
});

describe('an RPT in the request', () => {
  const both = [['view'], ['view']];

  async function extend(rpt: unknown, policy = 'open', params: object = {}, by = client) {
    return askFor(policy, { rpt: String(rpt), ...params }, by);
  }

  it('adds its permissions to the new RPT', async () => {
    const old = await askFor('open');
    const reply = await extend(old.body.access_token);
    expect(reply.body).toMatchObject({ upgraded: true });
    expect(reply.body.access_token).not.toBe(old.body.access_token);
    expect(await scopesOf(reply)).toEqual(both);
  });

  it('is merged with the new RPT at the same resource', async () => {
    const id = await world.resource(albums, 'open');
    const old = await world.ask(client, { ticket: await world.ticket(albums, id, ['view']) });
    const ticket = await world.ticket(albums, id, ['edit']);
    const reply = await world.ask(client, { ticket, rpt: String(old.body.access_token) });
    expect(await scopesOf(reply)).toEqual([['view', 'edit']]);
  });

  it.each<[string, () => Promise<Reply>]>([
    ['is unknown', async () => extend('guessed')],
    ['is an access token', async () => extend(zoe.access_token)],
    [
      'is of another client',
      async () => extend((await askFor('open', {}, await world.register())).body.access_token),
    ],
    [
      'is of another requesting party',
      async () => extend((await askFor('open')).body.access_token, 'open', claimToken(zoe)),
    ],
    [
      'is of another resource server',
      async () => {
        const other = await world.resourceServer();
        const ticket = await world.ticket(other, await world.resource(other, 'open'));
        return extend((await world.ask(client, { ticket })).body.access_token);
      },
    ],
    [
      'would not be granted any more',
      async () => {
        const id = await world.resource(albums, 'open');
        const old = await world.ask(client, { ticket: await world.ticket(albums, id) });
        const body = { name: 'closed', resource_scopes: ['view'] };
        await world.call(albums.pat, 'PUT', `/uma/resources/${id}`, body);
        return extend(old.body.access_token);
      },
    ],
    [
      'would be granted in part only',
      async () => {
        const id = await world.resource(albums, 'open');
        const ticket = await world.ticket(albums, id, ['view', 'edit']);
        const old = await world.ask(client, { ticket });
        const body = { name: 'only view', resource_scopes: ['view', 'edit'] };
        await world.call(albums.pat, 'PUT', `/uma/resources/${id}`, body);
        return extend(old.body.access_token);
      },
    ],
    [
      'was revoked',
      async () => {
        const token = String((await askFor('open')).body.access_token);
        await world.asClient(client, '/token/revocation', { token });
        return extend(token);
      },
    ],
  ])('brings nothing when it %s', async (_what, ask) => {
    const reply = await ask();
    expect(reply).toMatchObject({ status: 200, body: { upgraded: false } });
    expect(await scopesOf(reply)).toEqual([['view']]);
  });

  it('has no effect when the new request is denied', async () => {
    const old = await askFor('open');
    expect((await extend(old.body.access_token, 'closed')).body.error).toBe('request_denied');
  });
});

describe('onSecret', () => {
  it('receives every PAT, ticket, RPT and PCT', async () => {
    const ticket = await ticketFor('open');
    const { body } = await world.ask(client, { ticket, ...claimToken(zoe) });
    const issued = [albums.pat, ticket, body.access_token, body.pct];
    expect([...secrets]).toEqual(expect.arrayContaining(issued));
  });
});

describe('with the default policy', () => {
  let demo: Sandbox;
  let at: UmaWorld;
  let own: ResourceServer;
  let by: Client;
  const lines: string[] = [];

  beforeAll(async () => {
    demo = await startQuietly({ quiet: false, log: (line) => lines.push(line) });
    at = new UmaWorld(demo);
    own = await at.resourceServer();
    by = await at.register();
  });
  afterAll(() => demo.close());

  it('the sandbox grants only view, only to identified users, and logs this', async () => {
    const user = claimToken(await at.logIn(by));
    const id = await at.resource(own, '[GET] /albums');
    const ask = async (scopes: string[], params: object) =>
      (await at.ask(by, { ticket: await at.ticket(own, id, scopes), ...params })).body;
    expect(await ask(['view'], user)).toHaveProperty('access_token');
    expect((await ask(['view'], {})).error).toBe('need_info');
    expect((await ask(['edit'], user)).error).toBe('request_denied');
    const { access_token } = await ask(['view', 'edit'], user);
    expect((await at.introspect(own, access_token)).body.permissions).toMatchObject([
      { resource_scopes: ['view'] },
    ]);
    expect(lines.join('\n')).toContain('users identified by an ID token or a login may "view"');
  });
});

describe('the option policies', () => {
  it('decides on every resource when it is one function', async () => {
    const one = await startQuietly({
      policies: ({ resource }) => (resource.name === 'a' ? 'grant' : 'deny'),
    });
    try {
      const at = new UmaWorld(one);
      const [own, by] = [await at.resourceServer(), await at.register()];
      const statuses = [];
      for (const name of ['a', 'b']) {
        const ticket = await at.ticket(own, await at.resource(own, name));
        statuses.push((await at.ask(by, { ticket })).status);
      }
      expect(statuses).toEqual([200, 403]);
    } finally {
      await one.close();
    }
  });

  it('denies everything when it is empty', async () => {
    const empty = await startQuietly({ policies: {} });
    try {
      const at = new UmaWorld(empty);
      const [own, by] = [await at.resourceServer(), await at.register()];
      const ticket = await at.ticket(own, await at.resource(own, 'a'));
      expect((await at.ask(by, { ticket })).body.error).toBe('request_denied');
    } finally {
      await empty.close();
    }
  });

  it.each([
    { name: 'a string', policies: 'grant' },
    { name: 'null', policies: null },
    { name: 'an object of strings', policies: { a: 'grant' } },
  ])('is rejected when it is $name', async ({ policies }) => {
    await expect(startQuietly({ policies: policies as never })).rejects.toThrow('policies: ');
  });
});

function expectInvalidGrant({ status, body }: Reply): void {
  expect({ status, body }).toEqual({
    status: 400,
    body: { error: 'invalid_grant', error_description: expect.any(String) },
  });
}
