// npm run bench:walk (after a build): files, functions and calls of the library that one warm request
// passes, counted by V8. Other code (Node, NestJS, openid-client, jose) is not counted.
import 'reflect-metadata';
import { Session } from 'node:inspector/promises';
import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { startStubProvider } from '../support/stub-provider.mjs';

const WARM_UPS = 5;
const LIBRARY = new URL('../../dist/', import.meta.url).href;

// The count begins before the library is loaded: V8 counts each continuation after an await as a call
// in functions that it compiled earlier.
const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
const { MemoryStore, OidcService, OxdModule, UmaGuard, UmaProtected } = await import('nestjs-oxd');

const provider = await startStubProvider();
const app = await NestFactory.create(applicationModule(), { logger: ['warn', 'error'] });
await app.listen(0, '127.0.0.1');
const albums = `${await app.getUrl()}/albums`;
const oidc = app.get(OidcService);

const rows = [
  ['startLogin', await walk(() => oidc.startLogin())],
  ['finishLogin', await walk(finishedLogin, startedLogin)],
  ['guard, 200', await walk(() => request(200, { authorization: 'Bearer rpt-1' }))],
  ['guard, 401', await walk(() => request(401))],
];
console.table(
  rows.map(([request, counted]) => ({ request, ...counted })),
  ['request', 'files', 'functions', 'calls'],
);
console.log(JSON.stringify({ bench: 'walk', ...Object.fromEntries(rows) }));

session.disconnect();
await app.close();
await provider.close();

/** Counts one run of `work` after some that warm it up; `prepare` is not counted. */
async function walk(work, prepare = async () => undefined) {
  for (let run = 0; run < WARM_UPS; run += 1) await work(await prepare());
  const input = await prepare();
  await session.post('Profiler.takePreciseCoverage');
  await work(input);
  const { result } = await session.post('Profiler.takePreciseCoverage');
  const called = result
    .filter(({ url }) => url.startsWith(LIBRARY))
    .map(({ functions }) => functions.filter(({ functionName }) => functionName !== ''))
    .map((functions) => functions.map(({ ranges }) => ranges[0].count).filter((count) => count > 0))
    .filter((counts) => counts.length > 0);
  const counts = called.flat();
  return {
    files: called.length,
    functions: counts.length,
    calls: counts.reduce((sum, count) => sum + count, 0),
  };
}

async function startedLogin() {
  const { url, cookies } = await oidc.startLogin();
  const { searchParams } = new URL(url);
  provider.expectNonce(searchParams.get('nonce'));
  const cookie = cookies.map((one) => one.split(';')[0]).join('; ');
  return { state: searchParams.get('state'), cookie };
}

async function finishedLogin({ state, cookie }) {
  await oidc.finishLogin({ state, code: 'code-1' }, cookie);
}

async function request(expected, headers) {
  const { status } = await fetch(albums, { headers });
  if (status !== expected) throw new Error(`Expected ${expected}, got ${status}.`);
}

function applicationModule() {
  class AlbumsController {
    list() {
      return ['Kind of Blue'];
    }
  }
  const handler = Object.getOwnPropertyDescriptor(AlbumsController.prototype, 'list');
  Get()(AlbumsController.prototype, 'list', handler);
  UmaProtected({ scopes: ['view'] })(AlbumsController.prototype, 'list', handler);
  UseGuards(UmaGuard)(AlbumsController);
  Controller('albums')(AlbumsController);

  class ApplicationModule {}
  const site = {
    op_host: provider.issuer,
    authorization_redirect_uri: 'http://127.0.0.1:3000/callback',
    client_id: 'client-1',
    client_secret: 'secret of the measured application',
    scope: ['openid', 'profile', 'uma_protection'],
  };
  Module({
    imports: [
      OxdModule.forRoot({
        site,
        transport: { type: 'embedded', allowInsecureRequests: true },
        secret: 'a secret of 32 characters or more',
        store: new MemoryStore(),
        eager: true,
      }),
    ],
    controllers: [AlbumsController],
  })(ApplicationModule);
  return ApplicationModule;
}
