import type { Browser, BrowserContext, Page } from 'playwright-core';
import { startSandbox, type Sandbox } from '../../lib/sandbox/sandbox.js';
import { registerSecret } from '../support/secrets.js';
import { startChromium } from './chromium.js';
import { DESKTOP, expectToFit, PHONE } from './expect-to-fit.js';
import { SampleApp } from './sample-app.js';

let chromium: Browser;
let sandbox: Sandbox;
let app: SampleApp;
let context: BrowserContext;

beforeAll(async () => {
  chromium = await startChromium();
  sandbox = await startSandbox({
    ...{ port: 0, clientsFile: false, quiet: true, onSecret: registerSecret },
    scopes: ['albums:read', 'albums:write'],
  });
  const variables = (origin: string) => ({
    ...{ OXD_OP_HOST: sandbox.issuer, OXD_TRANSPORT_ALLOW_INSECURE_REQUESTS: 'true' },
    OXD_SCOPE: 'openid profile albums:read albums:write',
    OXD_LOGIN_USERINFO: 'false',
    ...{ OXD_BEARER_AUDIENCE: `${origin}/mcp`, OXD_BEARER_RESOURCE: `${origin}/mcp` },
    OXD_BEARER_SCOPES_SUPPORTED: 'albums:read',
  });
  app = await SampleApp.start(variables, '03-bearer-and-mcp');
});

afterEach(async () => {
  for (const { value } of await context.cookies()) registerSecret(value);
  await context.close();
});

afterAll(async () => {
  await app.close();
  await sandbox.close();
  await chromium.close();
});

it.each([PHONE, DESKTOP])(
  'the page of sample 03 and the login fit into $width px',
  async (size) => {
    const page = await open(size);
    await expectToFit(page, 'bearer-start');
    await press(page, 'Ask as an MCP client');
    await expectToFit(page, 'bearer-mcp');
    await page.getByRole('link', { name: 'Log in first' }).first().click();
    await logIn(page);
    await press(page, 'Add an album');
    await page.getByRole('link', { name: 'Allow it to write' }).click();
    await page.getByRole('button', { name: 'Allow' }).click();
    await press(page, 'Remove an album');
    await expectToFit(page, 'bearer-step-up');
    await page.getByRole('link', { name: 'Log in with a one-time code' }).click();
    await expectToFit(page, 'bearer-one-time-code');
    await page.getByLabel('Password').fill('sandbox');
    await page.getByLabel('One-time code').fill('123456');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.waitForURL(`${app.origin}/#remove`);
    await press(page, 'Remove an album');
    expect(await page.getByRole('status').textContent()).toContain('Removed.');
    await page.getByText('Claims of your access token').click();
    await expectToFit(page, 'bearer-removed');
  },
);

async function open(viewport: typeof PHONE): Promise<Page> {
  context = await chromium.newContext({ viewport });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  await page.goto(app.origin);
  return page;
}

async function press(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
  await page.getByRole('status').waitFor();
}

async function logIn(page: Page): Promise<void> {
  await page.getByLabel('Zoë Nováková').check();
  await page.getByLabel('Password').fill('sandbox');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('button', { name: 'Allow' }).click();
}
