import { resolve } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { startSandbox, type Sandbox, type SandboxPolicies } from '../../lib/sandbox/sandbox.js';
import type { OxdServer } from '../../lib/testing/testing.js';
import { environmentOf, SAMPLE_TRANSPORTS, startPeer, type OxdPeer } from '../support/oxd-peers.js';
import { registerCredentialsIn, registerSecret, secretsIn } from '../support/secrets.js';
import { startChromium } from './chromium.js';
import { DESKTOP, expectToFit, PHONE } from './expect-to-fit.js';
import { SampleApp } from './sample-app.js';

const MINUTE = 60_000;
const CHALLENGE = /^401 .*www-authenticate: UMA realm="[^"]+", as_uri="[^"]+", ticket="[^"]{8}…"/s;
const RPT = /^\{.*"access_token": "[^"]{8}…"/s;
const UPGRADED = /^\{(?=.*"access_token": "[^"]{8}…").*"upgraded": true/s;
const VIEW = permissions('view');
const BORROW = permissions('borrow');
const BOTH = permissions('view', 'add');
const INACTIVE = /^\{\s*"active": false/;
const NEED_INFO = /^NeedInfoError: .*"ticket": "[^"]{8}…".*"required_claims".*"redirect_user"/s;
const SUBMITTED = /^RequestSubmittedError: .*"ticket": "[^"]{8}…"/s;
const SUBMITTED_WITH_INTERVAL = /^RequestSubmittedError: .*"ticket": "[^"]{8}…".*"interval": \d/s;
const DENIED = /^RequestDeniedError: (?!.*"ticket").*"code": "UMA_REQUEST_DENIED"/s;
const INVALID_TICKET = /^InvalidTicketError: .*"code": "UMA_INVALID_TICKET"/s;
const FORBIDDEN = /^403 (?!.*ticket).*UMA_FORBIDDEN/s;
const ALBUM = /^200 .*Kind of Blue/s;
const BORROWED = /^201 .*"borrowed": "Kind of Blue"/s;

/** Titles of the steps. */
const NOBODY = 'Ask as nobody';
const YOURSELF = 'Ask as yourself';
const OWNER = 'Let the owner decide';

/** A sample, and what it runs with. */
interface World {
  readonly sandbox: Sandbox;
  readonly oxd?: OxdServer;
  readonly app: SampleApp;
}

/** Each button below the steps, and every response that the page shows after it was pressed. */
const CASES: readonly (readonly [title: string, answers: readonly RegExp[]])[] = [
  ['A rule without a question', [CHALLENGE, RPT, ALBUM, VIEW]],
  ['A rule that denies', [CHALLENGE, DENIED]],
  ['A ticket that was used', [CHALLENGE, RPT, INVALID_TICKET]],
  [
    'An RPT for something else',
    [CHALLENGE, RPT, CHALLENGE, VIEW, UPGRADED, /^201 .*Blue Train/s, BOTH],
  ],
  ['A made-up token', [CHALLENGE, INACTIVE]],
  ['A header without a token', [/^400 (?!.*ticket).*UMA_INVALID_CREDENTIALS/s]],
  ['HEAD', [CHALLENGE, RPT, /^200 OK/, VIEW]],
  ['An undeclared route', [FORBIDDEN]],
  ['An undeclared method', [FORBIDDEN]],
  ['A public route', [/^200 .*"albums": 3/s]],
];

/** A button that is present if each album is a resource. */
const OTHER_ALBUM: (typeof CASES)[number] = [
  'An RPT for another album',
  [CHALLENGE, RPT, CHALLENGE, VIEW],
];

let chromium: Browser;
let rules: { readonly policies: SandboxPolicies; readonly owner: string };
const contexts: BrowserContext[] = [];

beforeAll(async () => {
  const file = resolve('sample/02-protect-an-api/policies.mjs');
  rules = (await import(file)) as typeof rules;
  chromium = await startChromium();
});

afterEach(async () => {
  for (const context of contexts.splice(0)) {
    for (const { value } of await context.cookies()) registerSecret(value);
    await context.close();
  }
});

afterAll(() => chromium?.close());

describe.each(SAMPLE_TRANSPORTS)('over %s', (transport) => {
  /** Each album is a resource. */
  const areSeparate = transport === 'embedded';
  const cases = areSeparate ? [...CASES, OTHER_ALBUM] : CASES;
  let world: World;
  let app: SampleApp;

  beforeAll(async () => {
    world = await startWorld(transport);
    ({ app } = world);
  });

  afterAll(() => stopWorld(world));

  it('the first step ends with need_info', async () => {
    const page = await open();
    await press(page, 'Ask as nobody');
    await expectAnswers(page, NOBODY, [CHALLENGE, NEED_INFO]);
    await expectResult(page, 'No album. The authorization server wants to know who asks');
  });

  it('the second step opens an album to a user whom the rule lets in', async () => {
    const page = await open();
    await page.getByRole('link', { name: 'Log in first' }).first().click();
    await logIn(page, 'Zoë Nováková');
    expect(page.url()).toBe(`${app.origin}/#yourself`);
    await press(page, 'Ask as yourself');
    await expectAnswers(page, YOURSELF, [CHALLENGE, RPT, ALBUM, VIEW]);
    await expectResult(page, 'The album is open: Amara’s rule lets you in');
  });

  it('the second step denies another user, who can log in as the right one', async () => {
    const page = await openAs('Ελένη Παπαδοπούλου');
    await press(page, 'Ask as yourself');
    await expectAnswers(page, YOURSELF, [CHALLENGE, DENIED]);
    await expectResult(page, 'No album: Amara’s rule does not let you in');
    await page.getByRole('link', { name: 'log in as Zoë' }).click();
    await logIn(page, 'Zoë Nováková');
    await press(page, 'Ask as yourself');
    await expectAnswers(page, YOURSELF, [CHALLENGE, RPT, ALBUM, VIEW]);
  });

  it('the third step waits until the owner has approved', async () => {
    const page = await openAs('Zoë Nováková');
    await press(page, 'Ask to borrow');
    // oxd 4 drops the interval.
    const submitted = transport.startsWith('REST') ? SUBMITTED : SUBMITTED_WITH_INTERVAL;
    await expectAnswers(page, OWNER, [CHALLENGE, submitted]);
    await expectResult(page, 'Amara has not decided yet.');
    await press(page, 'Ask again');
    await expectAnswers(page, OWNER, [SUBMITTED]);
    await page.getByRole('link', { name: 'decide at the authorization server' }).click();
    await expectText(page, "You are Zoë Nováková. Only Amara Okafor-O'Neill may decide.");
    await enterPassword(page);
    await expectText(page, `[POST] /api/albums/${areSeparate ? 'kind-of-blue' : ':id'}/loan`);
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByRole('link', { name: /^Back to / }).click();
    await expectText(page, 'You are Zoë Nováková');
    await press(page, 'Ask again');
    await expectAnswers(page, OWNER, [RPT, BORROWED, BORROW]);
    await expectResult(page, 'Amara approved.');
    await page.goto(app.origin);
    await page.getByRole('button', { name: 'Ask to borrow' }).waitFor();
  });

  it('the visitors of two browsers wait separately', async () => {
    const [zoe, eleni] = [await openAs('Zoë Nováková'), await openAs('Ελένη Παπαδοπούλου')];
    for (const page of [zoe, eleni]) {
      await press(page, 'Ask to borrow');
      await expectAnswers(page, OWNER, [CHALLENGE, SUBMITTED]);
    }
    await decide('Zoë Nováková', 'Approve');
    await press(eleni, 'Ask again');
    await expectAnswers(eleni, OWNER, [SUBMITTED]);
    await press(zoe, 'Ask again');
    await expectAnswers(zoe, OWNER, [RPT, BORROWED, BORROW]);
    await decide('Ελένη Παπαδοπούλου', 'Deny');
    await press(eleni, 'Ask again');
    await expectAnswers(eleni, OWNER, [DENIED]);
    await expectResult(eleni, 'Amara declined');
  });

  it('a waiting ticket is not left to the next user of a browser', async () => {
    const page = await openAs('Zoë Nováková');
    await press(page, 'Ask to borrow');
    await page.getByRole('button', { name: 'Ask again' }).waitFor();
    await page.getByRole('link', { name: 'Log in as another user' }).click();
    await logIn(page, 'Ελένη Παπαδοπούλου');
    await press(page, 'Ask to borrow');
    await expectAnswers(page, OWNER, [CHALLENGE, SUBMITTED]);
    await decide('Ελένη Παπαδοπούλου', 'Deny');
    await decide('Zoë Nováková', 'Deny');
  });

  it('the owner needs no permission of her own', async () => {
    const page = await openAs("Amara Okafor-O'Neill");
    await press(page, 'Ask to borrow');
    await expectAnswers(page, OWNER, [CHALLENGE, RPT, BORROWED, BORROW]);
  });

  it('the ID token is shown with the ticket, both shortened', async () => {
    const page = await openAs('Zoë Nováková');
    await press(page, 'Ask as yourself');
    const requests = page.locator('pre:not(.granted, .refused)');
    await requests.first().waitFor();
    const { host } = new URL(app.origin);
    expect(await requests.allInnerTexts()).toEqual([
      `GET /api/albums/kind-of-blue\nhost: ${host}`,
      expect.stringMatching(
        /^uma\.getRpt\(\{\s+"ticket": "[^"]{8}…",\s+"claim_token": "[^"]{8}…",\s+"claim_token_format": "[^"]+#IDToken"\s+\}\)$/,
      ),
      expect.stringMatching(
        /^GET \/api\/albums\/kind-of-blue\nhost: .*\nauthorization: Bearer .{8}…$/,
      ),
      expect.stringMatching(/^uma\.introspectRpt\(\{\s+"rpt": "[^"]{8}…"\s+\}\)$/),
    ]);
  });

  it.each(cases)('%s', async (title, answers) => {
    const page = await open();
    await page.getByText('More cases').click();
    await press(page, `Try: ${title}`);
    await expectAnswers(page, title, answers);
  });

  it('the address of a button leads back to it', async () => {
    const page = await open();
    await page.goto(`${app.origin}/try/yourself`);
    expect(page.url()).toBe(`${app.origin}/#yourself`);
    await page.getByRole('heading', { level: 1 }).waitFor();
  });

  it('a login that has expired is no longer used', async () => {
    const page = await openAs('Zoë Nováková');
    await app.setAhead(61 * MINUTE);
    await press(page, 'Ask as yourself');
    await page.getByRole('link', { name: 'Log in first' }).first().waitFor();
    expect(page.url()).toBe(`${app.origin}/#yourself`);
    await app.setAhead(0);
  });

  it('a login that the user cancels leads back to the page', async () => {
    const page = await open();
    await page.getByRole('link', { name: 'Log in', exact: true }).click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('heading', { name: 'The login failed' }).waitFor();
    await page.getByRole('link', { name: 'Back to the albums' }).click();
    expect(page.url()).toBe(`${app.origin}/`);
  });

  it('a user needs only the keyboard', async () => {
    const page = await open();
    await tabTo(page, 'Ask as nobody');
    await page.keyboard.press('Enter');
    await expectAnswers(page, NOBODY, [CHALLENGE, NEED_INFO]);
    // Focus stays at the pressed button, so that Tab leads to the next step.
    await expectTarget(page, 'nobody');
    await tabTo(page, 'Log in first', 2);
    await page.keyboard.press('Enter');
    await page.locator('input[type=password]:focus').waitFor();
    await page.keyboard.type('sandbox');
    await page.keyboard.press('Enter');
    await page.locator('button:focus', { hasText: 'Allow' }).waitFor();
    await page.keyboard.press('Enter');
    await expectText(page, 'You are Zoë Nováková');
    await expectTarget(page, 'yourself');
    await tabTo(page, 'Ask as yourself', 1);
    await page.keyboard.press('Enter');
    await expectAnswers(page, YOURSELF, [CHALLENGE, RPT, ALBUM, VIEW]);
    await expectTarget(page, 'yourself');
    await tabTo(page, 'More cases');
    await page.keyboard.press('Enter');
    await tabTo(page, 'Try', 1);
    await page.keyboard.press('Enter');
    await expectAnswers(page, 'A rule without a question', [CHALLENGE, RPT, ALBUM, VIEW]);
  });

  it.each([
    ['phone', PHONE],
    ['desktop', DESKTOP],
  ])('the page fits a %s, before and after', async (name, size) => {
    const page = await open(size);
    await expectToFit(page, `${transport}-${name}`);
    await page.getByRole('link', { name: 'Log in', exact: true }).click();
    await logIn(page, 'Zoë Nováková');
    await press(page, 'Ask to borrow');
    await expectAnswers(page, OWNER, [CHALLENGE, SUBMITTED]);
    await expectToFit(page, `${transport}-${name}-waiting`);
    await press(page, 'Ask as yourself');
    await expectAnswers(page, YOURSELF, [CHALLENGE, RPT, ALBUM, VIEW]);
    await expectToFit(page, `${transport}-${name}-granted`);
    await page.getByText('More cases').click();
    await expectToFit(page, `${transport}-${name}-unfolded`);
    await decide('Zoë Nováková', 'Deny');
  });

  it('the page explains parts, terms and roles, and folds the further cases', async () => {
    const page = await open();
    const parts = ['Owner', 'Requesting party', 'Client', 'API', 'Authorization server'];
    expect(await page.locator('dt').allInnerTexts()).toEqual(parts);
    expect(await page.locator('dfn').allInnerTexts()).toEqual([
      'permission ticket',
      'ID token',
      'RPT',
    ]);
    await page.getByRole('heading', { name: 'Why is a role in the token not enough?' }).waitFor();
    const buttons = page.getByRole('button', { name: /^Try: / });
    expect(await buttons.count()).toBe(0);
    await page.getByText('More cases').click();
    expect(await buttons.count()).toBe(cases.length);
  });

  it('the link to UMA in two minutes works', async () => {
    const page = await open();
    await page.getByRole('link', { name: 'UMA in two minutes' }).click();
    await expectText(page, 'User-Managed Access 2.0 (UMA) is OAuth 2.0');
  });

  it('the resources on the page are those that the policies name', async () => {
    const page = await open();
    await page.getByText('More cases').click();
    const rows = await page.locator('tbody tr').allInnerTexts();
    const declared = rows.map((row) => row.replace(/^(\S+)\s+(\S+)\s.*$/s, '[$1] $2'));
    const separate = page.locator('p', { hasText: 'under its own id' });
    const albums = await separate.locator('code:not(:text(":id"))').allInnerTexts();
    expect(albums).toHaveLength(areSeparate ? 3 : 0);
    const names = declared.flatMap((name) =>
      [':id', ...albums].map((id) => name.replace(':id', id)),
    );
    const expected = Object.keys(rules.policies).filter(
      (name) => areSeparate || !/kind|hounds|homogenic/.test(name),
    );
    expect([...new Set(names)].sort()).toEqual(expected.sort());
  });

  it('the page states what one ticket and one RPT are for', async () => {
    const page = await open();
    const one = areSeparate ? 'this album' : 'an album';
    expect(await page.locator('em').first().innerText()).toBe(`${one}, to look at`);
    await expectText(page, `it opens ${one}, to look at, for some minutes`);
    const note = page.getByText('all albums together are one resource');
    expect(await note.count()).toBe(areSeparate ? 0 : 1);
  });

  it('a missing album is denied like an existing one', async () => {
    const [there, missing] = await Promise.all(['kind-of-blue', 'missing'].map(denial));
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

  /** Decides the request of a user in the browser of the owner. */
  async function decide(user: string, decision: 'Approve' | 'Deny'): Promise<void> {
    const page = await newPage();
    await page.goto(`${world.sandbox.issuer}/uma/requests`);
    await enterPassword(page);
    const request = page.locator('form', { hasText: user });
    await request.getByRole('button', { name: decision }).click();
    await expectText(page, decision === 'Approve' ? 'Approved.' : 'Denied.');
  }

  const open = (viewport?: typeof PHONE) => openPage(app, viewport);
  const openAs = (user: string) => openPageAs(app, user);
});

describe('a user who is logged in at sample 01', () => {
  let world: World;
  let first: SampleApp;

  beforeAll(async () => {
    world = await startWorld('embedded');
    const insecure = { OXD_TRANSPORT_ALLOW_INSECURE_REQUESTS: 'true' };
    first = await SampleApp.start({ OXD_OP_HOST: world.sandbox.issuer, ...insecure });
  });

  afterAll(async () => {
    await first.close();
    await stopWorld(world);
  });

  it('opens an album at sample 02 without a password, and stays logged in at sample 01', async () => {
    const page = await newPage();
    await page.goto(`${first.origin}/login`);
    await logIn(page, 'Zoë Nováková');
    await page.getByRole('heading', { level: 1, name: 'Zoë Nováková' }).waitFor();
    const pending = await page.context().newPage();
    await pending.goto(`${first.origin}/login?returnTo=/profile`);
    await page.goto(world.app.origin);
    await page.getByRole('link', { name: 'Log in first' }).first().click();
    await page.getByRole('button', { name: 'Allow' }).click();
    await press(page, 'Ask as yourself');
    await expectAnswers(page, YOURSELF, [CHALLENGE, RPT, ALBUM, VIEW]);
    await page.goto(`${first.origin}/profile`);
    await page.getByRole('button', { name: 'Refresh the token' }).click();
    await expectText(page, 'The access token was renewed.');
    const names = (await page.context().cookies(first.origin)).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['sample-01.sid', 'sample-02.sid']));
  });
});

it('over oxd 3.1.1, which cannot introspect, the second step opens an album', async () => {
  const world = await startWorld('socket 3.1.1');
  try {
    const page = await openPageAs(world.app, 'Zoë Nováková');
    await press(page, 'Ask as yourself');
    await expectAnswers(page, YOURSELF, [CHALLENGE, RPT, ALBUM]);
    await page.getByText('More cases').click();
    await press(page, 'Try: A rule without a question');
    await expectAnswers(page, 'A rule without a question', [CHALLENGE, RPT, ALBUM]);
  } finally {
    await stopWorld(world);
  }
});

it.each([
  [
    '403 with a Warning when the authorization server is down',
    'embedded',
    /^403 .*warning: 199 - "UMA Authorization Server Unreachable"/s,
  ],
  ['503 when oxd-server is down', 'socket 3.1.4', /^503 .*retry-after: \d+/s],
] as const)('a button shows %s', async (_title, transport, answer) => {
  const world = await startWorld(transport);
  try {
    await (world.oxd ?? world.sandbox).close();
    const page = await openPage(world.app);
    await press(page, 'Ask as nobody');
    await expectAnswers(page, NOBODY, [answer]);
    await expectResult(page, 'This was not planned');
  } finally {
    await stopWorld(world);
  }
});

async function startWorld(transport: OxdPeer | 'embedded'): Promise<World> {
  const sandbox = await startSandbox({
    ...{ port: 0, onSecret: registerSecret, clientsFile: false, quiet: true },
    ...rules,
  });
  const oxd = transport === 'embedded' ? undefined : await startPeer(transport);
  const variables =
    oxd && transport !== 'embedded'
      ? environmentOf(transport, oxd)
      : { OXD_TRANSPORT_ALLOW_INSECURE_REQUESTS: 'true' };
  const app = await SampleApp.start(
    { ...siteVariables(sandbox.issuer), ...variables },
    '02-protect-an-api',
  );
  return { sandbox, oxd, app };
}

async function stopWorld({ sandbox, oxd, app }: World): Promise<void> {
  await app.close();
  await oxd?.close();
  await sandbox.close();
}

async function newPage(viewport = DESKTOP): Promise<Page> {
  const context = await chromium.newContext({ viewport });
  context.setDefaultTimeout(10_000);
  // States and codes of the sample, which runs in its own process.
  context.on('request', (request) => registerCredentialsIn(request.url()));
  contexts.push(context);
  return context.newPage();
}

async function openPage(app: SampleApp, viewport?: typeof PHONE): Promise<Page> {
  const page = await newPage(viewport);
  await page.goto(app.origin);
  return page;
}

/** The page in a new browser, in which this user has logged in. */
async function openPageAs(app: SampleApp, user: string): Promise<Page> {
  const page = await newPage();
  await page.goto(`${app.origin}/login`);
  await logIn(page, user);
  await expectText(page, `You are ${user}`);
  return page;
}

/** Logs in at the sandbox, and allows the access. */
async function logIn(page: Page, user: string): Promise<void> {
  await page.getByRole('radio', { name: user }).check();
  await enterPassword(page);
  const allow = page.getByRole('button', { name: 'Allow' });
  const next = page.waitForURL((url) => !/^\/(interaction|session)\//.test(url.pathname));
  await Promise.race([allow.waitFor().then(() => allow.click()), next]);
  await next;
}

async function enterPassword(page: Page): Promise<void> {
  await page.getByLabel('Password').fill('sandbox');
  await page.getByRole('button', { name: 'Log in' }).click();
}

async function press(page: Page, button: string): Promise<void> {
  const loaded = page.waitForEvent('domcontentloaded');
  await page.getByRole('button', { name: button, exact: true }).click();
  await loaded;
}

/** Waits until Tab begins at the fragment of the address: the browser moves there as it loads. */
async function expectTarget(page: Page, fragment: string): Promise<void> {
  await page.locator(`#${fragment}:target`).waitFor();
  await page.waitForLoadState('load');
}

/** Presses Tab until the link, button or summary that begins with `text` has the focus, visibly. */
async function tabTo(page: Page, text: string, most = 20): Promise<void> {
  const focused = page.locator(':focus-visible');
  for (let presses = 0; presses < most; presses++) {
    await page.keyboard.press('Tab');
    // After the last element of the page, the browser itself has the focus.
    const [label] = await focused.allInnerTexts();
    if (!label?.startsWith(text)) continue;
    const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
    expect(outline).toBe('solid');
    return;
  }
  throw new Error(`Tab does not lead to "${text}".`);
}

async function expectText(page: Page, text: string): Promise<void> {
  await page.getByText(text).first().waitFor();
}

async function expectResult(page: Page, text: string): Promise<void> {
  expect(await page.getByRole('status').allInnerTexts()).toEqual([expect.stringContaining(text)]);
}

/** An introspection with one permission for each scope. */
function permissions(...scopes: readonly string[]): RegExp {
  const each = scopes.map((scope) => `"resource_scopes": \\[\\s*"${scope}"\\s*\\]`);
  return new RegExp(`^\\{\\s*"active": true(?=.*${each.join('.*')}).*\\}$`, 's');
}

function siteVariables(issuer: string): Record<string, string> {
  return {
    OXD_OP_HOST: issuer,
    OXD_EAGER: 'true',
    OXD_CLIENT_NAME: 'Sample 02',
    OXD_SCOPE: 'openid profile uma_protection',
    OXD_GRANT_TYPES:
      'authorization_code client_credentials urn:ietf:params:oauth:grant-type:uma-ticket',
  };
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
