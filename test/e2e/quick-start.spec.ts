import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { startSandbox } from '../../lib/sandbox/sandbox.js';
import { TestIssuer } from '../../lib/testing/testing.js';
import { freePort, startApp } from '../support/app.js';
import { Browser, passSandbox } from '../support/browser.js';
import { CliProcess } from '../support/cli-process.js';
import { compileLib } from '../support/compiled-lib.js';
import { registerSecret } from '../support/secrets.js';
import { root } from '../support/source.js';

const GENERATED = join(import.meta.dirname, '.generated');

it('the first code of README.md logs a user in, with the variables that the sandbox prints', async () => {
  const command = await compileLib('cli/nestjs-oxd.ts');
  const port = await freePort();
  const args = ['sandbox', '--port=0', '--redirect-uri', `http://localhost:${port}/callback`];
  const sandbox = new CliProcess(command.path, args, { cwd: dirname(command.path) });
  const variables = await sandbox.variables();
  Object.assign(process.env, variables);
  const app = await NestFactory.create(await quickStart(), { logger: ['warn', 'error'] });
  try {
    await app.listen(port);
    const page = await passSandbox(new Browser(), `http://localhost:${port}/login`);
    expect(page.html).toBe('Hello Zoë Nováková');
  } finally {
    await app.close();
    for (const name of Object.keys(variables)) delete process.env[name];
    await sandbox.stop('SIGTERM');
    await command.remove();
  }
});

it('the code of docs/login.md for Fastify logs a user in, and ignores speculative requests', async () => {
  const sandbox = await startSandbox({
    ...{ port: 0, clientsFile: false, quiet: true },
    onSecret: registerSecret,
  });
  const { LoginController } = (await documentedCode('docs/login.md', "from 'fastify'", {
    "'nestjs-oxd'": "'../../../lib/index.js'",
  })) as { LoginController: Type };
  const options = { site: { op_host: sandbox.issuer } };
  const app = await startApp({ platform: 'fastify', controllers: [LoginController], options });
  try {
    const browser = new Browser();
    const isCallback = (url: string) => url.startsWith(`${app.origin}/callback`);
    const { location = '' } = await passSandbox(browser, `${app.origin}/login`, {}, isCallback);
    for (const url of [location, `${app.origin}/login`]) {
      const early = await browser.request(url, { method: 'HEAD' });
      expect([early.status, early.headers.get('cache-control')]).toEqual([503, 'no-store']);
    }
    const page = await browser.request(location);
    expect([page.status, page.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(page.html).toBe('Hello Zoë Nováková');
    const again = await browser.request(`${app.origin}/login`);
    expect([again.status, again.headers.get('cache-control')]).toEqual([302, 'no-store']);
  } finally {
    await app.close();
    await sandbox.close();
  }
});

it('the second code of README.md protects a route', async () => {
  const issuer = await TestIssuer.start();
  const { AppModule } = (await documentedCode('README.md', 'UmaProtected', {
    "'nestjs-oxd'": "'../../../lib/index.js'",
    'https://as.example.com': issuer.issuer,
    'process.env.OXD_SECRET': `'a secret of 32 characters or more',
      eager: true,
      transport: { type: 'embedded', allowInsecureRequests: true }`,
  })) as { AppModule: Type };
  const app = await NestFactory.create(AppModule, { logger: ['error'] });
  try {
    await app.listen(0, '127.0.0.1');
    const albums = `${await app.getUrl()}/albums`;
    const permissions = [{ resource_id: '[GET] /albums', resource_scopes: ['view'] }];
    const rpt = await issuer.token({ sub: 'alice', permissions });
    const granted = await fetch(albums, { headers: { authorization: `Bearer ${rpt}` } });
    expect(await granted.json()).toEqual(['Kind of Blue']);
    const denied = await fetch(albums);
    expect(denied.status).toBe(401);
    expect(denied.headers.get('www-authenticate')).toContain('ticket="');
  } finally {
    await app.close();
    await issuer.close();
  }
});

it('the first code of docs/bearer-tokens.md protects routes by scope and role', async () => {
  const issuer = await TestIssuer.start();
  const { AppModule } = (await documentedCode('docs/bearer-tokens.md', '', {
    "'nestjs-oxd'": "'../../../lib/index.js'",
    'https://sso.example.com/realms/shop': issuer.issuer,
    'process.env.OXD_CLIENT_SECRET': "'any'",
    'process.env.OXD_SECRET': `'a secret of 32 characters or more',
      transport: { type: 'embedded', allowInsecureRequests: true }`,
  })) as { AppModule: Type };
  const app = await NestFactory.create(AppModule, { logger: ['error'] });
  try {
    await app.listen(0, '127.0.0.1');
    const send = async (method: string, path: string, scope: string, roles: string[]) => {
      const token = await issuer.token({ aud: 'https://api.example.com', scope, roles });
      const headers = { authorization: `Bearer ${token}` };
      return fetch(`${await app.getUrl()}${path}`, { method, headers });
    };
    const listed = await send('GET', '/albums', 'albums:read', []);
    expect(await listed.json()).toEqual({ sub: 'alice', albums: ['Kind of Blue'] });
    expect((await send('GET', '/albums', 'albums:write', ['admin'])).status).toBe(403);
    expect((await send('DELETE', '/albums/7', 'albums:write', ['admin'])).status).toBe(204);
    expect((await send('DELETE', '/albums/7', 'albums:write', ['reader'])).status).toBe(403);
  } finally {
    await app.close();
    await issuer.close();
  }
});

it('the code of docs/bearer-tokens.md for the sandbox gets a token, and needs a strong login', async () => {
  const sandbox = await startSandbox({
    ...{ port: 0, clientsFile: false, quiet: true, scopes: ['albums:read', 'albums:write'] },
    onSecret: registerSecret,
  });
  const port = await freePort();
  const api = `http://localhost:${port}`;
  const { AppModule } = (await documentedCode('docs/bearer-tokens.md', 'TokenGuard', {
    "'nestjs-oxd'": "'../../../lib/index.js'",
    "'nestjs-oxd/passport'": "'../../../lib/oidc/passport.js'",
    'http://localhost:3000': api,
    'http://localhost:9400': sandbox.issuer,
  })) as { AppModule: Type };
  const app = await NestFactory.create(AppModule, { logger: ['error'] });
  const send = async (method: string, path: string, token: string) =>
    (await fetch(`${api}${path}`, { method, headers: { authorization: `Bearer ${token}` } }))
      .status;
  const login = async (query: string, username: string) => {
    const page = await passSandbox(new Browser(), `${api}/login${query}`, { username });
    registerSecret(page.html);
    return page.html;
  };
  try {
    await app.listen(port);
    expect((await fetch(`${api}/albums`)).status).toBe(401);
    const basic = await login('', 'zoe');
    expect(await send('GET', '/albums', basic)).toBe(200);
    expect(await send('DELETE', '/albums/1', basic)).toBe(401);
    const strong = '?acr_values=strong';
    expect(await send('DELETE', '/albums/1', await login(strong, 'zoe'))).toBe(204);
    expect(await send('DELETE', '/albums/1', await login(strong, 'amara'))).toBe(403);
  } finally {
    await app.close();
    await sandbox.close();
  }
});

/** Returns the module of the README. */
async function quickStart(): Promise<Type> {
  const { AppModule } = (await documentedCode('README.md', '', {
    "'nestjs-oxd'": "'../../../lib/index.js'",
    "'nestjs-oxd/config'": "'../../../lib/options/oxd.config.js'",
    "'nestjs-oxd/passport'": "'../../../lib/oidc/passport.js'",
  })) as { AppModule: Type };
  return AppModule;
}

/** Imports the first TypeScript block of a page that contains `marker`, after replacements. */
async function documentedCode(
  page: string,
  marker: string,
  replacements: Readonly<Record<string, string>>,
): Promise<unknown> {
  const written = await readFile(join(root, page), 'utf8');
  const blocks = [...written.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code = '']) => code);
  let source = blocks.find((code) => code.includes(marker)) ?? '';
  for (const [original, replacement] of Object.entries(replacements)) {
    expect(source).toContain(original);
    source = source.replace(original, replacement);
  }
  const file = join(GENERATED, `${page} ${marker}`.replace(/\W/g, '-') + '.ts');
  await mkdir(GENERATED, { recursive: true });
  await writeFile(file, source);
  return import(file);
}
