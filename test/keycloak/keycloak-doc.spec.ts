import { parse } from 'yaml';
import { startChromium } from '../browser/chromium.js';
import { freePort } from '../support/app.js';
import { closing } from '../support/closing.js';
import { registerCredentialsIn, registerSecret, secretsIn } from '../support/secrets.js';
import { admin, KEYCLOAK } from './admin.js';
import type { Application } from './page/application.js';
import { outputPattern, Page, type Block } from './page/blocks.js';
import { Project } from './page/project.js';
import { Terminal } from './page/terminal.js';

const PATH = 'docs/keycloak.md';
const LISTENING = 'http://localhost:8080';
const PORT = 'localhost:3000';
/** Blocks that this suite replaces: Keycloak runs already, and the project has its packages. */
const REPLACED = ['KC_BOOTSTRAP_ADMIN_USERNAME=', 'npx @nestjs/cli new shop '];

/** Outputs in the order of the page, each with the commands before it. */
interface Row {
  readonly name: string;
  readonly commands: string;
  readonly output: string;
}

const rows = rowsOf(new Page(PATH).blocks);
let page: Page;
let port: number;
let project: Project;
let terminal: Terminal;
let application: Application;

beforeAll(async () => {
  port = await freePort();
  page = new Page(PATH, {
    [LISTENING]: KEYCLOAK,
    [PORT]: `localhost:${port}`,
    'KEYCLOAK_ADMIN_PASSWORD=admin': `KEYCLOAK_ADMIN_PASSWORD=${process.env.KEYCLOAK_ADMIN_PASSWORD}`,
    'KEYCLOAK_ADMIN=admin': `KEYCLOAK_ADMIN=${process.env.KEYCLOAK_ADMIN}`,
  });
  project = await Project.create();
  for (const { file, code } of page.blocks) if (file) await project.write(file, code);
  terminal = new Terminal(project.folder);
  const realm = page.blocks.find(({ code }) => code.includes('node keycloak/realm.mjs'));
  await terminal.run(realm?.code ?? '');
  const secrets = await terminal.run('grep SECRET= .env | cut -d= -f2');
  secrets.split('\n').forEach(registerSecret);
  application = await project.start(port);
  await application.printed(/^`(The resources .+?)`$/m.exec(page.text)?.[1] ?? '?');
});

afterAll(async () => {
  await application?.close();
  await terminal?.close();
  await project?.close();
  await admin.call('DELETE', '/shop');
});

it('the page prints commands of which this suite replaces two blocks', () => {
  const skipped = shellBlocks(page.blocks).filter(({ code }) => isReplaced(code));
  expect(skipped).toHaveLength(REPLACED.length);
  expect(rows.length).toBeGreaterThanOrEqual(4);
});

it('5. Log in: the browser shows the printed strings', async () => {
  const [user = '', password = '', greeting, end] = codesOf(page.section('5. Log in'));
  const chromium = closing(await startChromium());
  const browser = await chromium.newPage();
  browser.on('request', (request) => registerCredentialsIn(request.url()));
  await browser.goto(`http://localhost:${port}/login`);
  await browser.locator('#username').fill(user);
  await browser.locator('#password').fill(password);
  await browser.locator('#kc-login').click();
  await browser.waitForURL(`http://localhost:${port}/callback?**`);
  expect(await browser.textContent('body')).toBe(greeting);
  await browser.goto(`http://localhost:${port}/logout`);
  const [, button = ''] = /\*\*(.+?)\*\*/.exec(page.section('5. Log in')) ?? [];
  await browser.getByRole('button', { name: button, exact: true }).click();
  await browser.waitForURL(`http://localhost:${port}/`);
  expect(await browser.textContent('body')).toBe(end);
});

it.each(rows.map(({ name }, index) => ({ name, index })))(
  '$name is printed by the commands before it',
  async ({ index }) => {
    const { commands, output } = rowsOf(page.blocks)[index] ?? { commands: '', output: '' };
    expect(await terminal.run(commands)).toMatch(outputPattern(output));
  },
);

it('Docker Compose: the application finds Keycloak at the address of its file', async () => {
  const compose = page.blocks.find(({ language }) => language === 'yaml')?.code ?? '';
  const { services } = parse(compose) as Compose;
  const { OXD_TRANSPORT_ADDRESSES: addresses = '' } = services.shop.environment;
  expect(Object.keys(services)).toContain(new URL(JSON.parse(addresses)[KEYCLOAK]).hostname);
  const dialled = addresses.replace(KEYCLOAK, LISTENING).replace('http://keycloak:8080', KEYCLOAK);
  const own = await freePort();
  closing(
    await project.start(own, {
      OXD_OP_HOST: `${LISTENING}/realms/shop`,
      OXD_TRANSPORT_ADDRESSES: dialled,
      OXD_STORE_FILE: 'compose.json',
    }),
  );
  const challenge = await terminal.run(
    `curl -si --retry 5 http://localhost:${own}/albums/1 | grep -i '^WWW-Authenticate'`,
  );
  expect(challenge).toContain(`as_uri="${LISTENING}/realms/shop"`);
  const { host } = new URL(KEYCLOAK);
  const viewer = await terminal.run(`
    TOKEN_ENDPOINT=${LISTENING}/realms/shop/protocol/openid-connect/token
    curl() { command curl --connect-to localhost:8080:${host} "$@"; }
    curl -s http://localhost:${own}/reports -H "Authorization: Bearer $(token_of alice)"`);
  expect(JSON.parse(viewer)).toMatchObject({ name: 'alice' });
});

it('the application prints no secret', () => {
  expect(application.output).toContain('The resources of @UmaProtected are registered');
  expect(secretsIn(application.output)).toEqual([]);
});

interface Compose {
  readonly services: {
    readonly shop: { readonly environment: Readonly<Record<string, string>> };
  };
}

function shellBlocks(blocks: readonly Block[]): readonly Block[] {
  return blocks.filter(({ language }) => language === 'sh');
}

function isReplaced(code: string): boolean {
  return REPLACED.some((start) => code.startsWith(start));
}

/** Each printed output with the commands since the previous one, those of the set-up excluded. */
function rowsOf(blocks: readonly Block[]): readonly Row[] {
  const found: Row[] = [];
  let commands = '';
  for (const { section, language, code } of blocks) {
    if (language === 'sh' && !isSetUp(code)) commands += code;
    if (language !== '') continue;
    const count = found.filter(({ name }) => name.startsWith(section)).length;
    found.push({ name: `${section}, response ${count + 1},`, commands, output: code });
    commands = '';
  }
  return found;
}

function isSetUp(code: string): boolean {
  return isReplaced(code) || code.includes('node keycloak/realm.mjs') || code === 'npm start\n';
}

function codesOf(text: string): readonly string[] {
  return [...text.matchAll(/`(.+?)`/g)].map(([, code = '']) => code);
}
