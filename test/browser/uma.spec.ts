import { resolve } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { startSandbox, type Sandbox, type SandboxPolicies } from '../../lib/sandbox/sandbox.js';
import { OxdServer } from '../../lib/testing/oxd-server/oxd-server.js';
import { registerSecret, secretsIn } from '../support/secrets.js';
import { startChromium } from './chromium.js';
import { DESKTOP, expectToFit, PHONE } from './expect-to-fit.js';
import { SampleApp } from './sample-app.js';

const CHALLENGE = /^401 .*www-authenticate: UMA realm="[^"]+", as_uri="[^"]+", ticket="[^"]{8}…"/s;
const RPT = /^200 OK.*"access_token": "[^"]{8}…"/s;
const UPGRADED = /^200 OK.*"access_token": "[^"]{8}…".*"upgraded": true/s;
const VIEW = permissions('view');
const ADD = permissions('add');
const BORROW = permissions('borrow');
const BOTH = permissions('view', 'view');
const NEED_INFO =
  /^403 .*"error": "need_info".*"ticket": "[^"]{8}…".*"required_claims".*"redirect_user"/s;
const SUBMITTED = /^403 .*"error": "request_submitted".*"ticket": "[^"]{8}…".*"interval": \d/s;
const DENIED = /^403 (?!.*"ticket").*"error": "request_denied"/s;
const FORBIDDEN = /^403 (?!.*ticket).*UMA_FORBIDDEN/s;

/** A sample, and what it runs with. */
interface World {
  readonly sandbox: Sandbox;
  readonly oxd?: OxdServer;
  readonly app: SampleApp;
}

/** Each button, and every answer that the page shows when it was pressed. */
const CASES: readonly (readonly [title: string, answers: readonly RegExp[]])[] = [
  ['No token', [CHALLENGE]],
  ['An RPT for it', [CHALLENGE, RPT, VIEW, /^200 .*Kind of Blue/s]],
  ['Another method, another scope', [CHALLENGE, RPT, ADD, /^201 .*Blue Train/s]],
  ['A policy denies', [CHALLENGE, DENIED]],
  ['The policy needs an identity', [CHALLENGE, NEED_INFO]],
  ['The owner decides', [CHALLENGE, SUBMITTED]],
  ['A ticket that was used', [CHALLENGE, RPT, VIEW, /^400 .*"error": "invalid_grant"/s]],
  ['An RPT with another scope', [CHALLENGE, RPT, VIEW, CHALLENGE]],
  [
    'An RPT for another resource',
    [CHALLENGE, RPT, VIEW, CHALLENGE, UPGRADED, BOTH, /^200 .*Kind of Blue/s],
  ],
  ['A made-up token', [CHALLENGE]],
  ['A header without a token', [/^400 (?!.*ticket).*UMA_INVALID_CREDENTIALS/s]],
  ['HEAD', [CHALLENGE, RPT, VIEW, /^200 OK$/]],
  ['An undeclared route', [FORBIDDEN]],
  ['An undeclared method', [FORBIDDEN]],
  ['A public route', [/^200 .*"albums": 3/s]],
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
  let world: World;
  let app: SampleApp;

  beforeAll(async () => {
    world = await startWorld(transport);
    ({ app } = world);
  });

  afterAll(() => stopWorld(world));

  it.each(CASES)('%s', async (title, answers) => {
    const page = await open(DESKTOP);
    await page.getByRole('button', { name: `Try: ${title}` }).click();
    await expectAnswers(page, title, answers);
  });

  it('the grant is shown as the HTTP request that it is', async () => {
    const page = await open(DESKTOP);
    await page.getByRole('button', { name: 'Try: An RPT for another resource' }).click();
    const requests = page.locator('pre:not(.granted, .refused)');
    await requests.first().waitFor();
    expect(await requests.allInnerTexts()).toEqual([
      `GET /api/albums\nhost: ${new URL(app.origin).host}`,
      expect.stringMatching(grantRequest()),
      expect.stringMatching(/^GET \/api\/albums\/1\n.*\nauthorization: Bearer .{8}…$/),
      expect.stringMatching(grantRequest('rpt')),
      expect.stringMatching(/^GET \/api\/albums\/1\n.*\nauthorization: Bearer .{8}…$/),
    ]);
  });

  it('an approved request is granted at the next attempt', async () => {
    const page = await open(DESKTOP);
    const button = page.getByRole('button', { name: 'Try: The owner decides' });
    // A case before may have left a request to decide.
    await button.click();
    await page.getByText('request_submitted').nth(1).waitFor();
    await page.getByRole('link', { name: 'Requests for the owner' }).click();
    await page.getByLabel('Password').fill('sandbox');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByText('Nobody waits.').waitFor();
    await page.goto(app.origin);
    await button.click();
    const answers = [RPT, BORROW, /^201 .*"borrowed": "Kind of Blue"/s];
    await expectAnswers(page, 'The owner decides', answers);
  });

  it('a user needs only the keyboard', async () => {
    const page = await open(DESKTOP);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expectAnswers(page, 'No token', [CHALLENGE]);
    // Focus stays at the pressed button, so that Tab leads to the button of the next case.
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

  it('a missing album is denied like an existing one', async () => {
    const [there, missing] = await Promise.all(['1', '99'].map(denial));
    expect(there).toMatch(/^401 .*UMA_PERMISSION_REQUIRED/s);
    expect(missing).toBe(there);
  });

  it('the application has printed no secret', () => {
    expect(secretsIn(app.output)).toEqual([]);
  });

  /** Status, headers and body of an answer, without what is new in each. */
  async function denial(id: string): Promise<string> {
    const answer = await fetch(`${app.origin}/api/albums/${id}`);
    const headers = [...answer.headers].filter(([name]) => name !== 'date').join('\n');
    return `${answer.status} ${headers}\n${await answer.text()}`.replace(/ticket="[^"]+"/, '');
  }

  const open = (viewport: typeof PHONE) => openPage(app, viewport);
});

it.each([
  [
    '403 with a Warning when the authorization server is down',
    'embedded',
    /^403 .*warning: 199 - "UMA Authorization Server Unreachable"/s,
  ],
  ['503 when oxd-server is down', 'socket', /^503 .*retry-after: \d+/s],
] as const)('a button shows %s', async (_title, transport, answer) => {
  const world = await startWorld(transport);
  try {
    await (world.oxd ?? world.sandbox).close();
    const page = await openPage(world.app, DESKTOP);
    await page.getByRole('button', { name: 'Try: No token' }).click();
    await expectAnswers(page, 'No token', [answer]);
  } finally {
    await stopWorld(world);
  }
});

async function startWorld(transport: 'embedded' | 'socket'): Promise<World> {
  const common = { port: 0, onSecret: registerSecret };
  const sandbox = await startSandbox({ ...common, clientsFile: false, quiet: true, policies });
  const socket = transport === 'socket';
  const oxd = socket
    ? await OxdServer.start({ ...common, allowInsecureRequests: true })
    : undefined;
  const app = await SampleApp.start(environment(sandbox.issuer, oxd), '02-protect-an-api');
  return { sandbox, oxd, app };
}

async function stopWorld({ sandbox, oxd, app }: World): Promise<void> {
  await app.close();
  await oxd?.close();
  await sandbox.close();
}

async function openPage(app: SampleApp, viewport: typeof PHONE): Promise<Page> {
  const context = await chromium.newContext({ viewport });
  context.setDefaultTimeout(10_000);
  contexts.push(context);
  const page = await context.newPage();
  await page.goto(app.origin);
  return page;
}

/** An introspection with one permission for each scope. */
function permissions(...scopes: readonly string[]): RegExp {
  const each = scopes.map((scope) => `"resource_scopes": \\[\\s*"${scope}"\\s*\\]`);
  return new RegExp(`^\\{\\s*"active": true(?=.*${each.join('.*')}).*\\}$`, 's');
}

/** A token request of UMA, with further parameters. */
function grantRequest(...params: readonly string[]): RegExp {
  const form = ['ticket', ...params].map((name) => `\\n&${name}=.{8}…`).join('');
  return new RegExp(
    '^POST /token\\nhost: localhost:\\d+\\nauthorization: Basic .{8}…\\n\\n' +
      `grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Auma-ticket${form}$`,
  );
}

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
    .filter({ has: page.getByRole('heading', { name: title, exact: true }) });
  const shown = one.first().locator('pre.granted, pre.refused');
  await shown.first().waitFor();
  expect(await shown.allInnerTexts()).toEqual(
    answers.map((answer) => expect.stringMatching(answer) as unknown),
  );
  expect(secretsIn(await page.content())).toEqual([]);
}
