import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { jest } from '@jest/globals';
import type { Sandbox, SandboxPolicy } from '../../../../lib/sandbox/sandbox.js';
import { Browser, textOf, type Page } from '../../../support/browser.js';
import {
  CLAIMS_REDIRECT_URI,
  claimToken,
  CLIENT,
  startQuietly,
  UmaWorld,
  type Client,
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
const ATTACK = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>`;
const QUESTIONS = [
  { name: 'why', text: 'Why do you ask?' },
  { name: 'age', text: 'How old are you?', options: ['under 18', '18 or more'] },
];

const POLICIES: Record<string, SandboxPolicy> = {
  known: ({ claims }) => (claims ? 'grant' : { need: { identity: true } }),
  'zoe alone': ({ claims }) =>
    claims ? (claims.sub === 'user-zoe' ? 'grant' : 'deny') : { need: { identity: true } },
  adults: ({ answers }) =>
    answers.age === undefined
      ? { need: { questions: QUESTIONS } }
      : answers.age === '18 or more'
        ? 'grant'
        : 'deny',
  both: ({ claims, answers }) =>
    claims && answers.why === 'because'
      ? 'grant'
      : { need: { identity: true, questions: QUESTIONS.slice(0, 1) } },
  'step by step': ({ answers }) => {
    const next = ['one', 'two', 'three'].find((name) => answers[name] === undefined);
    return next === undefined ? 'grant' : { need: { questions: [{ name: next, text: next }] } };
  },
  owner: () => 'submit',
  'owner and me': ({ approved }) => (approved === true ? { grant: ['view'] } : 'submit'),
  'more to edit': ({ scopes, answers }) =>
    scopes.includes('edit') && answers.why === undefined
      ? { need: { questions: QUESTIONS.slice(0, 1) } }
      : 'grant',
  'nobody asks': () => 'grant',
  [ATTACK]: ({ answers }) =>
    answers.q === undefined
      ? { need: { questions: [{ name: 'q', text: ATTACK, options: [ATTACK] }] } }
      : 'submit',
};

let sandbox: Sandbox;
let world: UmaWorld;
let albums: ResourceServer;
let client: Client;

beforeAll(async () => {
  sandbox = await startQuietly({ policies: POLICIES });
  world = new UmaWorld(sandbox);
  albums = await world.resourceServer();
  client = await world.register();
});
afterAll(() => sandbox.close());

async function ticketFor(policy: string, scopes?: string[]): Promise<string> {
  return world.ticket(albums, await world.resource(albums, policy), scopes);
}

/** The ticket of a need_info. */
async function needed(policy: string, params: object = {}): Promise<string> {
  const ticket = await ticketFor(policy);
  const { body } = await world.ask(client, { ticket, ...params });
  expect(body.error).toBe('need_info');
  return String(body.ticket);
}

function claimsUrl(params: Record<string, string | undefined>, by = client): string {
  const all = {
    client_id: by.client_id,
    claims_redirect_uri: CLAIMS_REDIRECT_URI,
    state: 'the-state-of-the-client',
    ...params,
  };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(all)) if (value !== undefined) query.set(name, value);
  return `${sandbox.issuer}/uma/claims?${query.toString()}`;
}

const toClient = (url: string) => url.startsWith(CLIENT);
const open = (browser: Browser, params: Record<string, string | undefined>) =>
  browser.follow(claimsUrl(params), toClient);

/** Parameters with which the browser returns to the client. */
function returned(page: Page): Record<string, string> {
  expect(page.status).toBe(303);
  expect(page.location?.startsWith(`${CLIENT}/claims?`)).toBe(true);
  return Object.fromEntries(new URL(String(page.location)).searchParams);
}

const ask = (ticket?: string, params: object = {}, by = client) =>
  world.ask(by, { ticket: String(ticket), ...params });

const LOGIN = { login: 'zoe', password: 'sandbox' };
const ANSWERS = { 'answer.why': 'because', 'answer.age': '18 or more' };

describe('claims gathering', () => {
  it('asks the questions of the policy, and returns a new ticket and the state', async () => {
    const before = await needed('adults');
    const browser = new Browser();
    const page = await open(browser, { ticket: before });
    expect(textOf(page.html)).toContain('Photo Print requests access on your behalf: adults view');
    expect(textOf(page.html)).toContain('Why do you ask?');
    expect(textOf(page.html)).toContain('How old are you? under 18 18 or more');
    const back = returned(await browser.submitForm(page, ANSWERS));
    expect(back).toEqual({
      from: 'sandbox',
      state: 'the-state-of-the-client',
      ticket: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(back.ticket).not.toBe(before);
    expect((await ask(back.ticket)).status).toBe(200);
  });

  it('can start with the ticket of the resource server', async () => {
    const browser = new Browser();
    const page = await open(browser, { ticket: await ticketFor('adults') });
    const back = returned(await browser.submitForm(page, ANSWERS));
    expect((await ask(back.ticket)).status).toBe(200);
  });

  it('passes the answers to the policy: another answer, another decision', async () => {
    const browser = new Browser();
    const page = await open(browser, { ticket: await ticketFor('adults') });
    const answers = { ...ANSWERS, 'answer.age': 'under 18' };
    const back = returned(await browser.submitForm(page, answers));
    expect((await ask(back.ticket)).body.error).toBe('request_denied');
  });

  it('logs the requesting party in, confirms the identity, and continues', async () => {
    const browser = new Browser();
    const login = await open(browser, { ticket: await needed('zoe alone') });
    expect(textOf(login.html)).toContain('Log in to continue to Photo Print');
    const page = await browser.follow(await browser.submitForm(login, LOGIN));
    expect(textOf(page.html)).toContain('You are Zoë Nováková');
    const back = returned(await browser.submitForm(page));
    const reply = await ask(back.ticket);
    expect((await world.introspect(albums, reply.body.access_token)).body.sub).toBe('user-zoe');
  });

  it('does not request the password of a logged-in user again', async () => {
    const browser = new Browser();
    const login = await open(browser, { ticket: await needed('known') });
    await browser.submitForm(login, LOGIN);
    const page = await open(browser, { ticket: await needed('known') });
    expect(textOf(page.html)).toContain('You are Zoë Nováková');
  });

  it('lets another user log in instead', async () => {
    const browser = new Browser();
    const login = await open(browser, { ticket: await needed('zoe alone') });
    const page = await browser.follow(await browser.submitForm(login, LOGIN));
    const again = await browser.submitForm(page, { decision: 'other' });
    const other = await browser.submitForm(again, { ...LOGIN, login: 'eleni' });
    const back = returned(await browser.submitForm(await browser.follow(other)));
    expect((await ask(back.ticket)).body.error).toBe('request_denied');
  });

  it('shows the page again when another user logged in in another tab', async () => {
    const browser = new Browser();
    const login = await open(browser, { ticket: await needed('known') });
    const page = await browser.follow(await browser.submitForm(login, LOGIN));
    const tab = await open(browser, { ticket: await needed('known') });
    const form = await browser.submitForm(tab, { decision: 'other' });
    await browser.submitForm(form, { ...LOGIN, login: 'eleni' });
    const again = await browser.submitForm(page);
    expect(textOf(again.html)).toContain('You are Ελένη Παπαδοπούλου');
  });

  it('shows the login again for a wrong password', async () => {
    const browser = new Browser();
    const login = await open(browser, { ticket: await needed('known') });
    const again = await browser.submitForm(login, { login: 'eleni', password: 'guessed' });
    expect(again.status).toBe(400);
    expect(textOf(again.html)).toContain('Wrong password. Try again.');
    expect(again.html).toMatch(/value="eleni"\s+checked/);
    expect(textOf((await browser.request(login.url)).html)).toContain('Log in');
  });

  it('asks only the questions when the client has identified the requesting party', async () => {
    const zoe = await world.logIn(client);
    const browser = new Browser();
    const page = await open(browser, { ticket: await needed('both', claimToken(zoe)) });
    expect(page.html).not.toContain('name="password"');
    const back = returned(await browser.submitForm(page, ANSWERS));
    const reply = await ask(back.ticket);
    expect((await world.introspect(albums, reply.body.access_token)).body.sub).toBe('user-zoe');
  });

  it('continues over several rounds, without repeating answered questions', async () => {
    const browser = new Browser();
    let ticket = await needed('step by step');
    for (const name of ['one', 'two', 'three']) {
      const page = await open(browser, { ticket });
      expect(page.html).toContain(`name="answer.${name}"`);
      const back = returned(await browser.submitForm(page, { [`answer.${name}`]: 'yes' }));
      const { status, body } = await ask(back.ticket);
      expect(status).toBe(name === 'three' ? 200 : 403);
      ticket = String(body.ticket);
    }
  });

  it('covers additional scopes, which the client still has to request', async () => {
    const browser = new Browser();
    const scope = 'edit';
    const page = await open(browser, { ticket: await needed('more to edit', { scope }) });
    expect(textOf(page.html)).toContain('more to edit view, edit');
    const back = returned(await browser.submitForm(page, ANSWERS));
    const { body } = await ask(back.ticket, { scope });
    const seen = await world.introspect(albums, body.access_token);
    expect(seen.body.permissions).toMatchObject([{ resource_scopes: ['view', 'edit'] }]);
  });

  it('is not needed next time with the PCT', async () => {
    const browser = new Browser();
    const page = await open(browser, { ticket: await needed('adults') });
    const back = returned(await browser.submitForm(page, ANSWERS));
    const { body } = await ask(back.ticket);
    const next = await ask(await ticketFor('adults'), { pct: body.pct });
    expect(next.status).toBe(200);
    const other = await ask(await ticketFor('adults'), { pct: body.pct });
    expect(other.body.error).toBe('need_info');
  });

  it('is needed for each user: a PCT provides no answers of another user', async () => {
    const zoe = claimToken(await world.logIn(client));
    const browser = new Browser();
    const page = await open(browser, { ticket: await needed('adults', zoe) });
    const back = returned(await browser.submitForm(page, ANSWERS));
    const { pct } = (await ask(back.ticket)).body;
    const eleni = claimToken(await world.logIn(client, 'eleni'));
    const other = await ask(await ticketFor('adults'), { pct, ...eleni });
    expect(other.body.error).toBe('need_info');
    expect((await ask(await ticketFor('adults'), { pct, ...zoe })).status).toBe(200);
  });

  it('reports when there are no questions', async () => {
    const browser = new Browser();
    const page = await open(browser, { ticket: await ticketFor('nobody asks') });
    expect(textOf(page.html)).toContain('There are no questions for you.');
    const back = returned(await browser.submitForm(page));
    expect((await ask(back.ticket)).status).toBe(200);
  });

  it('ends with access_denied and the state when the user cancels', async () => {
    for (const policy of ['known', 'adults']) {
      const browser = new Browser();
      const page = await open(browser, { ticket: await needed(policy) });
      const back = returned(await browser.submitForm(page, { decision: 'deny' }));
      expect(back).toEqual({
        from: 'sandbox',
        state: 'the-state-of-the-client',
        error: 'access_denied',
      });
    }
  });

  it.each<[string, Record<string, string>]>([
    ['nothing', { 'answer.why': '', 'answer.age': '' }],
    ['spaces', { ...ANSWERS, 'answer.why': '   ' }],
    ['one of two', { 'answer.why': 'because' }],
    ['what is none of the options', { ...ANSWERS, 'answer.age': '17' }],
    ['too much', { ...ANSWERS, 'answer.why': 'x'.repeat(501) }],
    ['a form that is too large', { ...ANSWERS, more: 'x'.repeat(20_000) }],
  ])('asks again when the answer is %s', async (_what, answers) => {
    const browser = new Browser();
    const page = await open(browser, { ticket: await needed('adults') });
    const again = await browser.submitForm(page, answers);
    expect(again.status).toBe(400);
    expect(textOf(again.html)).toContain('Answer every question.');
    expect(returned(await browser.submitForm(again, ANSWERS)).ticket).toBeDefined();
  });

  it('has no ticket in its URL, and forbids caching the page', async () => {
    const browser = new Browser();
    const ticket = await needed('adults');
    const first = await browser.request(claimsUrl({ ticket }));
    const page = await browser.follow(first);
    expect(first.status).toBe(303);
    expect(page.url).not.toContain(ticket);
    const last = await browser.submitForm(page, ANSWERS);
    for (const { headers } of [first, page, last]) {
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });
});

describe('the claims interaction endpoint', () => {
  it('consumes the ticket', async () => {
    const ticket = await needed('adults');
    await open(new Browser(), { ticket });
    expect((await ask(ticket)).body.error).toBe('invalid_grant');
    const again = await open(new Browser(), { ticket });
    expect(again.status).toBe(400);
    expect(textOf(again.html)).toContain('ticket: is invalid, expired or already used.');
  });

  it('lets only one browser use a page, and only once', async () => {
    const browser = new Browser();
    const page = await open(browser, { ticket: await needed('adults') });
    for (const attempt of [
      () => new Browser().request(page.url),
      () => new Browser().submitForm(page, ANSWERS),
    ]) {
      const other = await attempt();
      expect(other.status).toBe(400);
      expect(textOf(other.html)).toContain('This page has expired');
    }
    const cookie = browser.cookieHeader(page.url);
    expect(returned(await browser.submitForm(page, ANSWERS)).ticket).toBeDefined();
    const replay = await new Browser().request(page.url, {
      method: 'POST',
      headers: { cookie },
      body: new URLSearchParams(ANSWERS),
    });
    expect(replay.status).toBe(400);
    expect(replay.location).toBeUndefined();
  });

  it('issues one ticket when a page is submitted 20 times at once', async () => {
    const browser = new Browser();
    const page = await open(browser, { ticket: await needed('adults') });
    const cookie = browser.cookieHeader(page.url);
    const forms = Array.from({ length: 20 }, () => new SlowForm(page.url, cookie));
    await Promise.all(forms.map((form) => form.begun));
    await browser.request(page.url);
    const answers = await Promise.all(forms.map((form) => form.finish(ANSWERS)));
    expect(answers.filter((status) => status === 303)).toHaveLength(1);
    expect(answers.filter((status) => status === 400)).toHaveLength(19);
  });

  it('expires a page that is not used', async () => {
    const browser = new Browser();
    const page = await open(browser, { ticket: await needed('adults') });
    passed = 31 * MINUTE;
    expect((await browser.submitForm(page, ANSWERS)).status).toBe(400);
  });

  it('expires a page whose resource was deleted', async () => {
    const id = await world.resource(albums, 'adults');
    const browser = new Browser();
    const page = await open(browser, { ticket: await world.ticket(albums, id) });
    await world.call(albums.pat, 'DELETE', `/uma/resources/${id}`);
    const answer = await browser.submitForm(page, ANSWERS);
    expect(answer.status).toBe(400);
    expect(answer.location).toBeUndefined();
  });

  it.each<[string, Record<string, string | undefined>]>([
    ['no client', { client_id: undefined }],
    ['an unknown client', { client_id: 'unknown' }],
    ['no ticket', { ticket: undefined }],
    ['an unknown ticket', { ticket: 'guessed' }],
    ['an address that is not registered', { claims_redirect_uri: 'https://evil.example/' }],
    ['a longer address', { claims_redirect_uri: `${CLAIMS_REDIRECT_URI}&more=1` }],
    ['a shorter address', { claims_redirect_uri: `${CLIENT}/claims` }],
    ['the same address in capitals', { claims_redirect_uri: CLAIMS_REDIRECT_URI.toUpperCase() }],
    ['the address with a fragment', { claims_redirect_uri: `${CLAIMS_REDIRECT_URI}#a` }],
    ['a redirect URI of logins', { claims_redirect_uri: `${CLIENT}/callback` }],
    ['an empty address', { claims_redirect_uri: '' }],
  ])('redirects nowhere for %s', async (_what, params) => {
    const ticket = await needed('adults');
    const page = await new Browser().request(claimsUrl({ ticket, ...params }));
    expect(page.status).toBe(400);
    expect(page.location).toBeUndefined();
    expect(textOf(page.html)).toContain('Go back to the application and start again.');
    expect(page.html).not.toContain('evil.example');
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
  });

  it('does not consume a ticket sent with a wrong client or redirect URI', async () => {
    const ticket = await needed('adults');
    for (const params of [
      { client_id: 'unknown' },
      { claims_redirect_uri: 'https://evil.example/' },
    ]) {
      await new Browser().request(claimsUrl({ ticket, ...params }));
    }
    expect((await open(new Browser(), { ticket })).status).toBe(200);
  });

  it('rejects a duplicate parameter', async () => {
    const url = `${claimsUrl({ ticket: await needed('adults') })}&state=other`;
    expect((await new Browser().request(url)).status).toBe(400);
  });

  it('rejects the ticket of another client', async () => {
    const thief = await world.register();
    const ticket = await needed('adults');
    const page = await new Browser().request(claimsUrl({ ticket }, thief));
    expect(page.status).toBe(400);
  });

  it('issues a ticket that is valid only for the client that sent the browser', async () => {
    const browser = new Browser();
    const page = await open(browser, { ticket: await ticketFor('adults') });
    const back = returned(await browser.submitForm(page, ANSWERS));
    const thief = await world.register();
    expect((await ask(back.ticket, {}, thief)).body.error).toBe('invalid_grant');
  });

  it('needs no state, and no redirect URI when the client has only one', async () => {
    const ticket = await needed('adults');
    const browser = new Browser();
    const page = await open(browser, { ticket, claims_redirect_uri: undefined, state: undefined });
    const back = returned(await browser.submitForm(page, ANSWERS));
    expect(Object.keys(back).sort()).toEqual(['from', 'ticket']);
  });

  it('requires a redirect URI when the client has two or none', async () => {
    for (const claims_redirect_uris of [[CLAIMS_REDIRECT_URI, `${CLIENT}/2`], undefined]) {
      const own = await world.register({ claims_redirect_uris });
      const params = { ticket: await ticketFor('adults'), claims_redirect_uri: undefined };
      expect((await new Browser().request(claimsUrl(params, own))).status).toBe(400);
    }
  });

  it.each(['POST', 'PUT', 'HEAD'])('rejects the method %s', async (method) => {
    const ticket = await needed('adults');
    const page = await new Browser().request(claimsUrl({ ticket }), { method });
    expect(page.status).toBe(405);
    expect((await open(new Browser(), { ticket })).status).toBe(200);
  });

  it.each([
    ['origin', 'https://evil.example'],
    ['sec-fetch-site', 'cross-site'],
    ['sec-fetch-site', 'same-site'],
  ])('rejects a form with %s: %s', async (name, value) => {
    const browser = new Browser();
    const page = await open(browser, { ticket: await needed('adults') });
    const forged = await browser.request(page.url, {
      method: 'POST',
      headers: { [name]: value },
      body: new URLSearchParams(ANSWERS),
    });
    expect(forged.status).toBe(403);
    expect(returned(await browser.submitForm(page, ANSWERS)).ticket).toBeDefined();
  });
});

describe('the registration of claims redirect URIs', () => {
  it.each(['claims_redirect_uris', 'claims_redirect_uri'])('takes %s', async (name) => {
    const uris = [`${CLIENT}/a`, 'https://app.example.com/b'];
    const reply = await world.tryToRegister({ claims_redirect_uris: undefined, [name]: uris });
    expect(reply).toMatchObject({ status: 201, body: { [name]: uris } });
    const own = reply.body as unknown as Client;
    const ticket = await ticketFor('adults');
    const url = claimsUrl({ ticket, claims_redirect_uri: uris[0] }, own);
    expect((await new Browser().follow(url)).status).toBe(200);
  });

  it.each([
    ['a string', `${CLIENT}/a`],
    ['no URL', ['nothing']],
    ['a relative URL', ['/claims']],
    ['a fragment', [`${CLIENT}/a#b`]],
    ['a script', ['javascript:alert(1)']],
    ['a number', [7]],
  ])('rejects %s', async (_what, claims_redirect_uris) => {
    const reply = await world.tryToRegister({ claims_redirect_uris });
    expect(reply).toMatchObject({ status: 400, body: { error: 'invalid_client_metadata' } });
  });
});

describe('the approval of the owner', () => {
  /** The ticket of a request_submitted. */
  async function submitted(policy = 'owner', params: object = {}): Promise<string> {
    const { status, headers, body } = await ask(await ticketFor(policy), params);
    expect({ status, body }).toEqual({
      status: 403,
      body: {
        error: 'request_submitted',
        ticket: expect.stringMatching(/^[\w-]{43}$/),
        interval: 5,
      },
    });
    expect(headers.get('cache-control')).toBe('no-store');
    return String(body.ticket);
  }

  const url = () => `${sandbox.issuer}/uma/requests`;

  async function owner(): Promise<{ readonly browser: Browser; readonly page: Page }> {
    const browser = new Browser();
    const login = await browser.request(url());
    expect(textOf(login.html)).toContain('Log in to continue to the requests for access');
    const page = await browser.follow(await browser.submitForm(login, LOGIN));
    return { browser, page };
  }

  /** Decides everything that waits. */
  async function decide(decision: 'approve' | 'deny'): Promise<void> {
    const { browser, page } = await owner();
    let now = page;
    while (now.html.includes('<form')) {
      now = await browser.follow(await browser.submitForm(now, { decision }));
    }
  }

  beforeEach(() => decide('deny'));

  it('is polled for, each time with a new ticket', async () => {
    const seen = new Set<string>();
    let ticket = await submitted();
    for (let rounds = 0; rounds < 5; rounds++) {
      seen.add(ticket);
      const { body } = await ask(ticket);
      expect(body.error).toBe('request_submitted');
      ticket = String(body.ticket);
    }
    expect(seen.size).toBe(5);
    const { page } = await owner();
    expect(textOf(page.html)).toContain('One request waits');
  });

  it('shows the client, the requesting party and the permissions', async () => {
    await submitted('owner', claimToken(await world.logIn(client, 'eleni')));
    const text = textOf((await owner()).page.html);
    expect(text).toContain('Photo Print for Ελένη Παπαδοπούλου owner view');
    expect(text).toContain('You decide as Zoë Nováková');
  });

  it.each(['owner', 'owner and me'])('grants the RPT to the next request (%s)', async (policy) => {
    const ticket = await submitted(policy);
    await decide('approve');
    const reply = await ask(ticket);
    expect(reply.status).toBe(200);
    const { body } = await world.introspect(albums, reply.body.access_token);
    expect(body.permissions).toMatchObject([{ resource_scopes: ['view'] }]);
  });

  it('when denied, ends the process with request_denied', async () => {
    const ticket = await submitted();
    await decide('deny');
    expect((await ask(ticket)).body.error).toBe('request_denied');
    expect((await ask(ticket)).body.error).toBe('invalid_grant');
  });

  it('applies to the shown request: more scopes are another request', async () => {
    const ticket = await submitted();
    await decide('approve');
    const more = await ask(ticket, { scope: 'edit' });
    expect(more.body.error).toBe('request_submitted');
    expect(textOf((await owner()).page.html)).toContain('owner view, edit');
    await decide('deny');
    expect((await ask(String(more.body.ticket), { scope: 'edit' })).body.error).toBe(
      'request_denied',
    );
  });

  it('applies to the shown requesting party', async () => {
    const ticket = await submitted();
    await decide('approve');
    const { body } = await ask(ticket, claimToken(await world.logIn(client)));
    expect(body.error).toBe('request_submitted');
  });

  it('is used once: the next request waits again', async () => {
    const ticket = await submitted();
    await decide('approve');
    expect((await ask(ticket)).status).toBe(200);
    await submitted();
  });

  it('expires when the client stops polling', async () => {
    const ticket = await submitted();
    passed = 4 * MINUTE;
    const { body } = await ask(ticket);
    passed = 8 * MINUTE;
    expect(textOf((await owner()).page.html)).toContain('One request waits');
    passed = 10 * MINUTE;
    expect(textOf((await owner()).page.html)).toContain('Nobody waits.');
    expect((await ask(String(body.ticket))).body.error).toBe('invalid_grant');
    albums = { ...albums, pat: await world.clientToken(albums.client, 'uma_protection') };
  });

  it('shows the newest hundred', async () => {
    const id = await world.resource(albums, 'owner');
    for (let done = 0; done < 103; done++) await ask(await world.ticket(albums, id));
    const { page } = await owner();
    expect(textOf(page.html)).toContain('100 requests wait');
    await world.call(albums.pat, 'DELETE', `/uma/resources/${id}`);
    expect((await owner()).page.status).toBe(200);
  });

  it('sets a session cookie that neither scripts nor forms of other sites can use', async () => {
    const browser = new Browser();
    const login = await browser.request(url());
    const { headers } = await browser.submitForm(login, LOGIN);
    const cookies = headers.getSetCookie();
    expect(cookies.length).toBeGreaterThan(0);
    for (const cookie of cookies) expect(cookie.toLowerCase()).toMatch(/samesite=lax.*httponly/);
  });

  it('needs a login', async () => {
    const login = await new Browser().request(url());
    const wrong = await new Browser().submitForm(login, { ...LOGIN, password: 'guessed' });
    expect(wrong.status).toBe(400);
    const cancelled = await new Browser().submitForm(login, { decision: 'deny' });
    expect(cancelled.location).toBe(url());
    const ticket = await submitted();
    const { page } = await owner();
    const stranger = await new Browser().submitForm(page, { decision: 'approve' });
    expect(stranger.status).toBe(403);
    expect((await ask(ticket)).body.error).toBe('request_submitted');
  });

  it.each<[string, Record<string, string>, Record<string, string>]>([
    ['from another site', { origin: 'https://evil.example' }, {}],
    ['from another port', { origin: 'http://localhost:1' }, {}],
    ['that says so itself', { 'sec-fetch-site': 'cross-site' }, {}],
    ['without the token of the page', {}, { token: '' }],
    ['with a guessed token', {}, { token: 'guessed' }],
  ])('is not accepted from a form %s', async (_what, headers, values) => {
    const ticket = await submitted();
    const { browser, page } = await owner();
    const fields = { id: hidden(page, 'id'), token: hidden(page, 'token'), decision: 'approve' };
    const forged = await browser.request(url(), {
      method: 'POST',
      headers,
      body: new URLSearchParams({ ...fields, ...values }),
    });
    expect(forged.status).toBe(403);
    expect((await ask(ticket)).body.error).toBe('request_submitted');
  });

  it('is not accepted with the token of another session', async () => {
    const ticket = await submitted();
    const [first, second] = [await owner(), await owner()];
    const forged = await second.browser.submitForm(second.page, {
      token: hidden(first.page, 'token'),
      decision: 'approve',
    });
    expect(forged.status).toBe(403);
    expect((await ask(ticket)).body.error).toBe('request_submitted');
  });

  it.each([
    ['approve', 'Approved.'],
    ['deny', 'Denied.'],
  ])('is confirmed (%s), with a link to the client', async (decision, text) => {
    await submitted();
    const { browser, page } = await owner();
    const decided = await browser.follow(await browser.submitForm(page, { decision }));
    expect(textOf(decided.html)).toContain(`${text} Back to Photo Print`);
    expect(decided.html).toContain(`<a href="${CLIENT}/">`);
    expect(textOf(decided.html)).toContain('Nobody waits.');
  });

  it('is not confirmed for an unknown or pending request', async () => {
    await submitted();
    const { browser, page } = await owner();
    for (const id of ['unknown', hidden(page, 'id')]) {
      const { html } = await browser.request(`${url()}?decided=${id}`);
      expect(textOf(html)).not.toMatch(/Approved|Denied|Back to/);
    }
  });

  it('is confirmed without a link when the client has no web address', async () => {
    const redirect_uris = ['com.example.print:/callback'];
    const native = await world.register({ application_type: 'native', redirect_uris });
    await ask(await ticketFor('owner'), {}, native);
    const { browser, page } = await owner();
    const decided = await browser.follow(await browser.submitForm(page, { decision: 'approve' }));
    expect(textOf(decided.html)).toContain('Approved.');
    expect(decided.html).not.toContain('Back to');
  });

  it('cannot be changed, and ignores an unknown request', async () => {
    const ticket = await submitted();
    const { browser, page } = await owner();
    await browser.submitForm(page, { decision: 'deny' });
    await browser.submitForm(page, { decision: 'approve' });
    await browser.submitForm(page, { id: 'unknown', decision: 'approve' });
    expect((await ask(ticket)).body.error).toBe('request_denied');
  });
});

describe('the option owner', () => {
  let own: Sandbox;
  beforeAll(async () => {
    own = await startQuietly({ policies: POLICIES, owner: 'amara' });
  });
  afterAll(() => own.close());

  /** Page of the requests after a login at it, in a new browser. */
  async function logInAs(login: string) {
    const browser = new Browser();
    const page = await browser.request(`${own.issuer}/uma/requests`);
    return {
      browser,
      page: await browser.follow(await browser.submitForm(page, { ...LOGIN, login })),
    };
  }

  it('lets no other user decide', async () => {
    const there = new UmaWorld(own);
    const server = await there.resourceServer();
    const asking = await there.register();
    const ticket = await there.ticket(server, await there.resource(server, 'owner'));
    const { body } = await there.ask(asking, { ticket });
    const owner = await logInAs('amara');
    expect(textOf(owner.page.html)).toContain("You decide as Amara Okafor-O'Neill , the owner.");
    const id = hidden(owner.page, 'id');
    const other = await logInAs('zoe');
    const text = "You are Zoë Nováková. Only Amara Okafor-O'Neill may decide.";
    expect(textOf(other.page.html)).toContain(text);
    expect(other.page.html).not.toContain('Approve');
    expect(other.page.html).toMatch(/value="amara"\s+checked/);
    const form = new URLSearchParams({ id, token: hidden(owner.page, 'token') });
    form.set('decision', 'approve');
    const { status } = await other.browser.request(other.page.url, { method: 'POST', body: form });
    expect(status).toBe(403);
    const pending = await there.ask(asking, { ticket: String(body.ticket) });
    expect(pending.body.error).toBe('request_submitted');
    await owner.browser.submitForm(owner.page, { decision: 'approve' });
    const granted = await there.ask(asking, { ticket: String(pending.body.ticket) });
    expect(granted.status).toBe(200);
  });
});

describe('a page', () => {
  it.each<[string, (browser: Browser) => Promise<Page>]>([
    ['questions', attacked],
    [
      'questions again',
      async (browser) => browser.submitForm(await attacked(browser), { 'answer.q': '' }),
    ],
    [
      'requests',
      async (browser) => {
        const page = await attacked(browser);
        const back = await browser.submitForm(page, { 'answer.q': ATTACK });
        const { ticket } = Object.fromEntries(new URL(String(back.location)).searchParams);
        await ask(ticket, {}, attacker);
        const login = await browser.request(`${sandbox.issuer}/uma/requests`);
        return browser.follow(await browser.submitForm(login, LOGIN));
      },
    ],
    ['error', (browser) => browser.request(claimsUrl({ client_id: ATTACK, ticket: ATTACK }))],
  ])('with %s escapes untrusted strings and may fetch nothing', async (_name, show) => {
    const page = await show(new Browser());
    expect(page.html).not.toContain('<script>alert');
    expect(page.html).not.toContain('<img');
    const policy = page.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    for (const [, content = ''] of page.html.matchAll(/<(?:style|script)>(.*?)<\/\w+>/gs)) {
      expect(policy).toContain(`sha256-${createHash('sha256').update(content).digest('base64')}`);
    }
  });

  it('does not respond under another host name', async () => {
    for (const path of ['/uma/claims', '/uma/claims/a', '/uma/requests']) {
      const response = await fetch(sandbox.issuer.replace('localhost', '127.0.0.1') + path);
      expect(response.status).toBe(421);
    }
  });

  let attacker: Client;
  beforeAll(async () => {
    attacker = await world.register({ client_name: ATTACK });
  });

  async function attacked(browser: Browser): Promise<Page> {
    const page = await browser.follow(claimsUrl({ ticket: await ticketFor(ATTACK) }, attacker));
    expect(textOf(page.html)).toContain(ATTACK);
    return page;
  }
});

function hidden(page: Page, name: string): string {
  return String(new RegExp(`name="${name}"\\s+value="([^"]*)"`).exec(page.html)?.[1]);
}

/** A form whose body is sent when all is ready: the server has begun with it by then. */
class SlowForm {
  readonly begun: Promise<unknown>;
  private readonly sending: ClientRequest;
  private readonly answered: Promise<[IncomingMessage]>;

  constructor(url: string, cookie: string) {
    const headers = { cookie, 'content-type': 'application/x-www-form-urlencoded' };
    this.sending = request(url, { method: 'POST', headers });
    this.answered = once(this.sending, 'response') as Promise<[IncomingMessage]>;
    this.begun = this.connected();
    this.sending.flushHeaders();
  }

  private async connected(): Promise<void> {
    const [socket] = (await once(this.sending, 'socket')) as [Socket];
    if (socket.connecting) await once(socket, 'connect');
  }

  async finish(values: Readonly<Record<string, string>>): Promise<number | undefined> {
    this.sending.end(new URLSearchParams(values).toString());
    const [response] = await this.answered;
    response.resume();
    return response.statusCode;
  }
}
