import { mkdir, mkdtemp, readFile, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OxdServer } from '../../lib/testing/oxd-server/oxd-server.js';
import { loggedIn, startApp, type TestApp } from '../support/app.js';
import { Browser, type Page } from '../support/browser.js';
import { FakeOp } from '../support/fake-op.js';
import { registerSecret } from '../support/secrets.js';

const before = process.cwd();
const opened: (() => unknown)[] = [];
let op: FakeOp;

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'oxd-file-'));
  opened.push(() => rm(folder, { recursive: true }));
  process.chdir(folder);
  op = await FakeOp.start();
  opened.push(
    () => process.chdir(before),
    () => op.close(),
  );
});
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

/** Makes every write fail: a directory has the name of the temporary file. */
const block = () => mkdir('.oxd/store.json.tmp', { recursive: true });
const unblock = () => rmdir('.oxd/store.json.tmp');

async function startOxdServer() {
  const server = await OxdServer.start({ allowInsecureRequests: true, onSecret: registerSecret });
  opened.push(() => server.close());
  return { type: 'socket', port: server.port } as const;
}

/** Logs in at the provider; returns the callback URL without requesting it. */
async function callbackUrl(browser: Browser, { origin }: TestApp): Promise<string> {
  const { location = '' } = await browser.request(`${origin}/login`);
  return `${origin}/callback?${new URLSearchParams(op.login(location)).toString()}`;
}

async function expectUnavailable(response: Promise<Page>): Promise<void> {
  const page = await response;
  expect(page.status).toBe(503);
  expect(JSON.parse(page.html)).toMatchObject({ error: 'OXD_STORE_UNAVAILABLE' });
  expect(page.headers.getSetCookie()).toEqual([]);
}

async function expectLogin(browser: Browser, url: string): Promise<void> {
  const page = await browser.request(url);
  expect(page.status).toBe(200);
  expect(loggedIn(page.html).user.claims.iss).toBe(op.issuer);
}

/** Number of registrations before the first write: oxd-server registers, embedded writes first. */
describe.each([
  { name: 'embedded', connect: undefined, early: 0 },
  { name: 'through oxd-server', connect: startOxdServer, early: 1 },
])('the default store when its file cannot be written, $name,', ({ connect, early }) => {
  async function start(): Promise<TestApp> {
    const transport = await connect?.();
    const site = { op_host: op.issuer };
    const app = await startApp({
      options: { store: '.oxd/store.json', site, ...(transport && { transport }) },
    });
    opened.push(() => app.close());
    return app;
  }

  it('rejects every login, registers no site, if writes fail from the start', async () => {
    await block();
    const app = await start();
    const browser = new Browser();
    await expectUnavailable(browser.request(`${app.origin}/login`));
    await expectUnavailable(browser.request(`${app.origin}/login`));
    expect(op.seen('register')).toHaveLength(0);
    await unblock();
    await expectLogin(browser, await callbackUrl(browser, app));
    expect(op.seen('register')).toHaveLength(1);
    expect(await readFile('.oxd/store.json', 'utf8')).toContain('"client:');
  });

  it('rejects logins, registers one site in the end, if writes fail after the start', async () => {
    const app = await start();
    await block();
    const browser = new Browser();
    for (let times = 0; times < 3; times += 1) {
      await expectUnavailable(browser.request(`${app.origin}/login`));
      expect(op.seen('register')).toHaveLength(early);
    }
    await unblock();
    await expectLogin(browser, await callbackUrl(browser, app));
    expect(op.seen('register')).toHaveLength(1);
    expect(op.seen('client')).toHaveLength(0);
  });

  it('completes a login if writes fail while the user is at the provider', async () => {
    const app = await start();
    const browser = new Browser();
    const url = await callbackUrl(browser, app);
    await block();
    await expectLogin(browser, url);
    await expectLogin(browser, await callbackUrl(browser, app));
    expect(op.seen('register')).toHaveLength(1);
  });
});
