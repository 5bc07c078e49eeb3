import { join, resolve } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { startSandbox, type Sandbox, type SandboxPolicies } from '../../lib/sandbox/sandbox.js';
import { OxdServer } from '../../lib/testing/oxd-server.js';
import { registerSecret, secretsIn } from '../support/secrets.js';
import { startChromium } from './chromium.js';
import { SampleApp } from './sample-app.js';

const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 900 };

const CHALLENGE = /^401 .*www-authenticate: UMA realm="[^"]+", as_uri="[^"]+", ticket="[^"]{8}…"/s;
const RPT = /"access_token": "[^"]{8}…"/;
const VIEW = /"active": true.*"resource_scopes": \[\s*"view"\s*\]/s;
const ADD = /"active": true.*"resource_scopes": \[\s*"add"\s*\]/s;

/** Each button, and every answer that the page shows when it was pressed. */
const CASES: readonly (readonly [title: string, answers: readonly RegExp[]])[] = [
  ['No token', [CHALLENGE]],
  ['An RPT for it', [CHALLENGE, RPT, VIEW, /^200 .*Kind of Blue/s]],
  ['Another method, another scope', [CHALLENGE, RPT, ADD, /^201 .*Blue Train/s]],
  ['A policy says no', [CHALLENGE, /^UMA_REQUEST_DENIED/]],
  ['An RPT with another scope', [CHALLENGE, RPT, VIEW, CHALLENGE]],
  ['An RPT for another resource', [CHALLENGE, RPT, VIEW, CHALLENGE]],
  ['A token that somebody made up', [CHALLENGE]],
  ['HEAD', [CHALLENGE, RPT, VIEW, /^200 OK$/]],
  ['A route that nobody declared', [/^403 (?!.*ticket)/s]],
  ['A public route', [/^200 .*"albums":3/s]],
];

let chromium: Browser;
let policies: SandboxPolicies;
const contexts: BrowserContext[] = [];

beforeAll(async () => {
  const file = resolve('sample/02-protect-an-api/policies.mjs');
  ({ policies } = (await import(file)) as { policies: SandboxPolicies });
  chromium = await startChromium();
});

afterEach(() => Promise.all(contexts.splice(0).map((context) => context.close())));

afterAll(() => chromium?.close());

describe.each(['embedded', 'socket'] as const)('over %s', (transport) => {
  let sandbox: Sandbox;
  let oxd: OxdServer | undefined;
  let app: SampleApp;

  beforeAll(async () => {
    const common = { port: 0, onSecret: registerSecret };
    sandbox = await startSandbox({ ...common, clientsFile: false, quiet: true, policies });
    if (transport === 'socket') {
      oxd = await OxdServer.start({ ...common, allowInsecureRequests: true });
    }
    app = await SampleApp.start(environment(sandbox.issuer, oxd), '02-protect-an-api');
  });

  afterAll(async () => {
    await app?.close();
    await oxd?.close();
    await sandbox?.close();
  });

  it.each(CASES)('%s', async (title, answers) => {
    const page = await open(DESKTOP);
    await page.getByRole('button', { name: `Try: ${title}` }).click();
    await expectAnswers(page, title, answers);
  });

  it('a user needs nothing but the keyboard', async () => {
    const page = await open(DESKTOP);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expectAnswers(page, 'No token', [CHALLENGE]);
    // Reading goes on at what was pressed: this is its button, the next one that of the next case.
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expectAnswers(page, 'An RPT for it', CASES[1]?.[1] ?? []);
  });

  it.each([
    ['phone', PHONE],
    ['desktop', DESKTOP],
  ])('the page fits a %s, before and after', async (name, size) => {
    const page = await open(size);
    await expectToFit(page, `${transport}-${name}`);
    await page.getByRole('button', { name: 'Try: An RPT for it' }).click();
    await expectAnswers(page, 'An RPT for it', CASES[1]?.[1] ?? []);
    await expectToFit(page, `${transport}-${name}-granted`);
  });

  it('the resources on the page are those that the policies name', async () => {
    const page = await open(DESKTOP);
    const rows = await page.locator('tbody tr').allInnerTexts();
    const names = rows.map((row) => row.replace(/^(\S+)\s+(\S+)\s.*$/s, '[$1] $2'));
    expect(names.sort()).toEqual(Object.keys(policies).sort());
  });

  it('an album that is not there is refused like one that is', async () => {
    const [there, missing] = await Promise.all(['1', '99'].map(refusal));
    expect(there).toMatch(/^401 .*UMA_PERMISSION_REQUIRED/s);
    expect(missing).toBe(there);
  });

  it('the application has printed no secret in all this', () => {
    expect(secretsIn(app.output)).toEqual([]);
  });

  /** Status, headers and body of an answer, without what is new in each. */
  async function refusal(id: string): Promise<string> {
    const answer = await fetch(`${app.origin}/api/albums/${id}`);
    const headers = [...answer.headers].filter(([name]) => name !== 'date').join('\n');
    return `${answer.status} ${headers}\n${await answer.text()}`.replace(/ticket="[^"]+"/, '');
  }

  async function open(viewport: typeof PHONE): Promise<Page> {
    const context = await chromium.newContext({ viewport });
    context.setDefaultTimeout(10_000);
    contexts.push(context);
    const page = await context.newPage();
    await page.goto(app.origin);
    return page;
  }
});

function environment(issuer: string, oxd?: OxdServer): Record<string, string> {
  const site = {
    OXD_OP_HOST: issuer,
    OXD_EAGER: 'true',
    OXD_SCOPE: 'openid uma_protection',
    OXD_GRANT_TYPES: 'client_credentials urn:ietf:params:oauth:grant-type:uma-ticket',
  };
  if (!oxd) return { ...site, OXD_TRANSPORT_ALLOW_INSECURE_REQUESTS: 'true' };
  return { ...site, OXD_TRANSPORT_TYPE: 'socket', OXD_TRANSPORT_PORT: String(oxd.port) };
}

async function expectAnswers(page: Page, title: string, answers: readonly RegExp[]): Promise<void> {
  const one = page
    .getByRole('listitem')
    .filter({ has: page.getByRole('heading', { name: title }) });
  const shown = one.first().locator('pre.granted, pre.refused');
  await shown.first().waitFor();
  expect(await shown.allInnerTexts()).toEqual(
    answers.map((answer) => expect.stringMatching(answer) as unknown),
  );
  expect(secretsIn(await page.content())).toEqual([]);
}

/** Nothing reaches over the edge. With SCREENSHOTS set to a folder, a picture goes there. */
async function expectToFit(page: Page, name: string): Promise<void> {
  const { SCREENSHOTS } = process.env;
  if (SCREENSHOTS) {
    await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
  }
  const [needed, there] = (await page.evaluate(
    'let { scrollWidth, clientWidth } = document.documentElement; [scrollWidth, clientWidth]',
  )) as [number, number];
  expect(needed).toBeLessThanOrEqual(there);
}
