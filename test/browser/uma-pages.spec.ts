import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import type { Sandbox } from '../../lib/sandbox/sandbox.js';
import { startQuietly, UmaWorld } from '../support/sandbox-uma-world.js';
import { startChromium } from './chromium.js';
import { DESKTOP, expectToFit } from './expect-to-fit.js';

const SIZES = { phone: { width: 360, height: 740 }, desktop: DESKTOP };
const QUESTIONS = [
  { name: 'why', text: 'What do you want the pictures for?' },
  { name: 'age', text: 'How old are you?', options: ['Under 18', '18 or more'] },
];

let sandbox: Sandbox;
let world: UmaWorld;
let chromium: Browser;
let redirectUri: string;
const application = createServer((_request, response) => response.end('the client'));

beforeAll(async () => {
  await once(application.listen(0, '127.0.0.1'), 'listening');
  redirectUri = `http://localhost:${(application.address() as AddressInfo).port}/claims`;
  sandbox = await startQuietly({
    policies: ({ claims, answers }) =>
      claims && answers.why ? 'submit' : { need: { identity: true, questions: QUESTIONS } },
  });
  world = new UmaWorld(sandbox);
  chromium = await startChromium();
});
afterAll(async () => {
  await chromium.close();
  await sandbox.close();
  application.close();
});

it.each(['phone', 'desktop'] as const)(
  'claims are gathered and requests decided by keyboard, on a %s',
  async (size) => {
    const context = await chromium.newContext({ viewport: SIZES[size] });
    try {
      const page = await context.newPage();
      const albums = await world.resourceServer();
      const client = await world.register({ claims_redirect_uris: [redirectUri] });
      const id = await world.resource(albums, '[GET] /albums/:id');
      const ticket = await gatherClaims(page, client.client_id, await world.ticket(albums, id));
      const submitted = await world.ask(client, { ticket });
      expect(submitted.body.error).toBe('request_submitted');
      await approve(page);
      const reply = await world.ask(client, { ticket: String(submitted.body.ticket) });
      expect(reply.status).toBe(200);
    } finally {
      await context.close();
    }
  },
);

/** @returns the ticket that the client gets */
async function gatherClaims(page: Page, client_id: string, ticket: string): Promise<string> {
  const query = { client_id, ticket, claims_redirect_uri: redirectUri, state: 'state' };
  await page.goto(`${sandbox.issuer}/uma/claims?${new URLSearchParams(query).toString()}`);
  await page.locator('input[type=password]:focus').waitFor();
  await page.keyboard.type('sandbox');
  await page.keyboard.press('Enter');
  await page.getByText('You are Zoë Nováková').waitFor();
  await expectToFit(page, 'sandbox-claims');
  await page.locator('input[type=text]:focus').waitFor();
  await page.keyboard.type('For the wall');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  await page.keyboard.press('Enter');
  await page.waitForURL(`${redirectUri}**`);
  return String(new URL(page.url()).searchParams.get('ticket'));
}

async function approve(page: Page): Promise<void> {
  await page.goto(`${sandbox.issuer}/uma/requests`);
  await page.getByText('One request waits').waitFor();
  await expectToFit(page, 'sandbox-requests');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByText('Approved. Back to Photo Print').waitFor();
  await expectToFit(page, 'sandbox-approved');
  await page.getByText('Nobody waits.').waitFor();
}
