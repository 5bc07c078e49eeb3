import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { INestApplication, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { JWK } from 'jose';
import passport from 'passport';
import request from 'supertest';
import { TestIssuer, type TestTokenOptions } from '../../lib/testing/testing.js';
import { setEnvironment } from '../support/real-environment.js';
import { registerSecret } from '../support/secrets.js';
import { root } from '../support/source.js';

const PAGE = readFileSync(join(root, 'docs/migration/passport-jwt.md'), 'utf8');
const AUDIENCE = 'https://api.example.com';
const RIGHTS = { sub: 'alice', aud: AUDIENCE, scope: 'albums:write' };

let issuer: TestIssuer;
let restore: () => void;
let before: INestApplication;
let after: INestApplication;

beforeAll(async () => {
  issuer = await TestIssuer.start();
  restore = setEnvironment({
    PROVIDER: issuer.issuer,
    PROVIDER_KEY: await publicKey(),
    CLIENT_ID: 'albums',
    CLIENT_SECRET: 'any',
  });
  before = await start((await import('./passport-jwt/before.js')).AppModule);
  after = await start((await import('./passport-jwt/after.js')).AppModule);
});

afterAll(async () => {
  // The strategy of passport-jwt stays in Passport, which other test files share.
  passport.unuse('jwt');
  await before?.close();
  await after?.close();
  restore?.();
  await issuer?.close();
});

it('docs/migration/passport-jwt.md shows the applications of this test', () => {
  const shown = [...PAGE.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code]) => code);
  const files = ['before', 'after'].map((name) =>
    readFileSync(join(root, `test/docs/passport-jwt/${name}.ts`), 'utf8'),
  );
  expect(shown).toEqual(files);
});

interface Row {
  readonly name: string;
  readonly token?: TestTokenOptions;
  readonly method?: 'get' | 'delete';
  readonly statuses: readonly [before: number, after: number];
}

const SAME: readonly Row[] = [
  { name: 'a valid token', token: RIGHTS, statuses: [200, 200] },
  { name: 'a token with the scope', token: RIGHTS, method: 'delete', statuses: [200, 200] },
  {
    name: 'a token without the scope',
    token: { ...RIGHTS, scope: 'albums:read' },
    method: 'delete',
    statuses: [403, 403],
  },
  { name: 'no token', statuses: [401, 401] },
  { name: 'an expired token', token: { ...RIGHTS, expiresIn: -60 }, statuses: [401, 401] },
  { name: 'a token for another API', token: { ...RIGHTS, aud: 'other' }, statuses: [401, 401] },
];

const DIFFERENT: readonly Row[] = [
  {
    name: 'An ID token is rejected',
    token: { ...RIGHTS, claims: { typ: 'ID', nonce: 'n' } },
    statuses: [200, 401],
  },
  {
    name: 'A token without `exp` is rejected',
    token: { ...RIGHTS, claims: { exp: undefined } },
    statuses: [200, 401],
  },
  {
    name: 'A token that is bound to a key is rejected',
    token: { ...RIGHTS, claims: { cnf: { jkt: 'thumbprint' } } },
    statuses: [200, 401],
  },
];

it.each(SAME)('passport-jwt and BearerGuard respond alike to $name', expectStatuses);

it.each(DIFFERENT)('differs as the page states: $name', async (row) => {
  expect(PAGE).toContain(`- **${row.name}.**`);
  await expectStatuses(row);
});

it('differs as the page states: A denial has a challenge', async () => {
  expect(PAGE).toContain('- **A denial has a challenge.**');
  const [first, second] = [await ask(before, {}), await ask(after, {})];
  expect(first.headers).not.toHaveProperty('www-authenticate');
  expect(second.headers['www-authenticate']).toBe('Bearer realm="api.example.com"');
});

it('differs as the page states: Keys are read from the provider', async () => {
  expect(PAGE).toContain('- **Keys are read from the provider.**');
  await issuer.rotateKeys();
  await expectStatuses({ name: 'a new key', token: RIGHTS, statuses: [401, 200] });
});

async function start(module: Type): Promise<INestApplication> {
  const compiled = await Test.createTestingModule({ imports: [module] }).compile();
  return compiled.createNestApplication().init();
}

async function expectStatuses({ token, method = 'get', statuses }: Row): Promise<void> {
  const bearer = token && (await issuer.token(token));
  if (bearer) registerSecret(bearer);
  const [first, second] = [
    await ask(before, { method, bearer }),
    await ask(after, { method, bearer }),
  ];
  expect([first.status, second.status]).toEqual(statuses);
  const areOpen = first.status === 200 && second.status === 200;
  expect(second.body).toMatchObject(areOpen ? (first.body as object) : {});
}

async function ask(
  app: INestApplication,
  { method = 'get', bearer }: { readonly method?: 'get' | 'delete'; readonly bearer?: string },
): Promise<request.Response> {
  const path = method === 'get' ? '/albums' : '/albums/7';
  const sent = request(app.getHttpServer())[method](path);
  return bearer === undefined ? sent : sent.auth(bearer, { type: 'bearer' });
}

/** The key of the provider, as an operator copies it into the configuration of passport-jwt. */
async function publicKey(): Promise<string> {
  const { jwks_uri } = await json<{ jwks_uri: string }>(
    `${issuer.issuer}/.well-known/openid-configuration`,
  );
  const { keys } = await json<{ keys: JWK[] }>(jwks_uri);
  return createPublicKey({ key: keys[0] ?? {}, format: 'jwk' }).export({
    type: 'spki',
    format: 'pem',
  }) as string;
}

async function json<T>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T;
}
