import { join } from 'node:path';
import { freePort } from '../support/app.js';
import { closing } from '../support/closing.js';
import { registerSecret } from '../support/secrets.js';
import { KEYCLOAK, LIMIT } from './admin.js';
import { createMigratedRealm } from './migrated-realm.js';
import { Page } from './page/blocks.js';
import { Project } from './page/project.js';
import { typeErrors } from './page/type-errors.js';
import { USERS, type Realm, type User } from './realm.js';
import { RequestingParty } from './requesting-party.js';

const page = new Page('docs/migration/nest-keycloak-connect.md');
const MODULE = 'src/app.module.ts';
/** Language of code with nest-keycloak-connect. */
const BEFORE = 'ts before';
const ROW = /^\| `(GET|DELETE) (\/\S*)` +\|([ \d|]+)\|$/gm;
const TABLE = [...page.text.matchAll(ROW)].map(([, method = '', path = '', statuses = '']) => ({
  ...{ method, path, name: `${method} ${path}` },
  statuses: statuses.split('|').map(Number),
}));
const DIFFERENCES = [
  ...page.section('What changes in meaning').matchAll(/^- \*\*(.+?)\.\*\*/gm),
].map(([, title = '']) => title);

/** The same application before and after the migration. */
type Side = 'before' | 'after';
const SIDES: readonly Side[] = ['before', 'after'];

interface Answer {
  readonly status: number;
  readonly challenge: string | null;
  readonly body: unknown;
}

let realm: Realm;
let projects: Readonly<Record<Side, Project>>;
let origins: Readonly<Record<Side, string>>;
let tokens: Readonly<Record<string, string>>;

beforeAll(async () => {
  realm = await createMigratedRealm();
  projects = { before: await Project.withPeer(), after: await Project.create() };
  const started = await Promise.all(SIDES.map((side) => start(side)));
  origins = { before: started[0]?.origin ?? '', after: started[1]?.origin ?? '' };
  applications.push(...started);
  const issued = USERS.map(async (user) => [user, await tokenOf(user)] as const);
  tokens = Object.fromEntries(await Promise.all(issued));
});

const applications: { close(): Promise<void> }[] = [];

afterAll(async () => {
  for (const application of applications) await application.close();
  await projects?.before.close();
  await projects?.after.close();
  await realm?.close();
});

describe('the example of the migration guide', () => {
  it('and each snippet before the migration compile with nest-keycloak-connect', async () => {
    const snippets = page.blocks.filter(({ language }) => language === BEFORE);
    expect(snippets.length).toBeGreaterThan(1);
    for (const [index, { code }] of snippets.entries()) {
      await projects.before.write(`snippets/${index}.ts`, code);
      expect(typeErrors(join(projects.before.folder, `snippets/${index}.ts`))).toEqual([]);
    }
  });

  it('is called with 40 requests', () => {
    expect(TABLE.flatMap(({ statuses }) => statuses)).toHaveLength(40);
  });

  it.each(TABLE)('responds to $name as the guide states', async ({ method, path, statuses }) => {
    for (const [index, bearer] of credentials().entries()) {
      const before = await ask('before', path, { method, bearer });
      const after = await ask('after', path, { method, bearer });
      expect([index, before.status, after.status]).toEqual([
        ...[index, statuses[index], statuses[index]],
      ]);
      expect(after.body).toMatchObject(before.status === 200 ? (before.body as object) : {});
    }
  });
});

/** The differences of the guide, each with its check. */
const CHECKS: Readonly<Record<string, () => Promise<void>>> = {
  async 'Undeclared routes are denied'() {
    expect(await statuses('/forgotten', { bearer: tokens.alice })).toEqual([200, 403]);
    expect(await statuses('/forgotten')).toEqual([401, 403]);
  },

  async 'The decorator of a method replaces that of its class'() {
    expect(await statuses('/staff', { bearer: tokens.alice })).toEqual([200, 403]);
    expect(await statuses('/staff', { bearer: tokens.bob })).toEqual([200, 200]);
  },

  async 'One scope is enough by default'() {
    const request = { method: 'DELETE', bearer: tokens.alice };
    expect(await statuses('/orders/7', request)).toEqual([403, 403]);
    const lenient = closing(
      await start('after', { "requiredScopes: 'all'": "requiredScopes: 'any'" }),
    );
    expect(await lenient.ask('/orders/7', request)).toMatchObject({ status: 200 });
  },

  async 'The audience is always checked'() {
    const bearer = await new RequestingParty(realm, 'bob', 'shop-spa').accessToken();
    expect(await statuses('/me', { bearer })).toEqual([401, 401]);
    const offline = closing(await start('before', OFFLINE));
    expect(await offline.ask('/me', { bearer })).toMatchObject({ status: 200 });
    const local = closing(
      await start('after', { "introspection: 'always'": "introspection: 'opaque'" }),
    );
    expect(await local.ask('/me', { bearer })).toMatchObject({ status: 401 });
  },

  async 'A logout is noticed with introspection only'() {
    const bearer = await tokenOf('carol');
    expect(await statuses('/me', { bearer })).toEqual([200, 200]);
    await realm.call('POST', `${await realm.user('carol')}/logout`);
    expect(await statuses('/me', { bearer })).toEqual([401, 401]);
    const local = closing(
      await start('after', { "introspection: 'always'": "introspection: 'opaque'" }),
    );
    expect(await local.ask('/me', { bearer })).toMatchObject({ status: 200 });
    expect(await local.ask('/orders', { bearer })).toMatchObject({ status: 401 });
  },

  async 'A colon is an ordinary character'() {
    expect(await statuses('/orders/archive', { bearer: tokens.alice })).toEqual([403, 200]);
    expect(await statuses('/orders/archive', { bearer: await tokenOf('carol') })).toEqual([
      403, 403,
    ]);
  },

  async 'Denials name their reason'() {
    const before = await ask('before', '/reports', {});
    expect(before).toEqual({
      status: 401,
      challenge: null,
      body: { statusCode: 401, message: 'Unauthorized' },
    });
    expect(await ask('after', '/reports', {})).toEqual({
      status: 401,
      challenge: expect.stringMatching(/^Bearer realm="/) as unknown,
      body: expect.objectContaining({ statusCode: 401, error: 'BEARER_TOKEN_REQUIRED' }) as unknown,
    });
  },

  async 'An unavailable Keycloak is 503'() {
    const away = { KEYCLOAK_URL: `http://127.0.0.1:${await freePort()}` };
    const bearer = tokens.alice;
    const [before, after] = [
      closing(await start('before', {}, away)),
      closing(await start('after', {}, away)),
    ];
    expect(await before.ask('/me', { bearer })).toMatchObject({ status: 401 });
    expect(await after.ask('/me', { bearer })).toMatchObject({ status: 503 });
  },
};

describe('the differences of the migration guide', () => {
  it('are those that are checked', () => {
    expect(DIFFERENCES.toSorted()).toEqual(Object.keys(CHECKS).toSorted());
  });

  it.each(DIFFERENCES)('%s', async (title) => {
    expect.hasAssertions();
    await CHECKS[title]?.();
  });
});

const OFFLINE = {
  "clientId: 'albums-api'": "clientId: 'albums-api', tokenValidation: 'offline' as any",
};

/** Starts the example, with replaced strings of its source and other variables. */
async function start(
  side: Side,
  replaced: Readonly<Record<string, string>> = {},
  env: NodeJS.ProcessEnv = {},
) {
  const language = side === 'before' ? BEFORE : 'ts';
  const example = page.blocks.find(
    (block) => block.section === 'Example' && block.language === language,
  );
  const code = Object.entries(replaced).reduce((text, [from, to]) => {
    expect(text).toContain(from);
    return text.replace(from, to);
  }, example?.code ?? '');
  await projects[side].write(MODULE, code);
  const port = await freePort();
  const application = await projects[side].start(port, {
    KEYCLOAK_URL: KEYCLOAK,
    KEYCLOAK_REALM: realm.name,
    KEYCLOAK_SECRET: realm.secretOf('albums-api'),
    // Without a file for its state: several applications run in one folder.
    NODE_ENV: 'test',
    ...env,
  });
  const origin = `http://127.0.0.1:${port}`;
  return {
    origin,
    ask: (path: string, request: AskOptions) => askAt(origin, path, request),
    close: () => application.close(),
  };
}

interface AskOptions {
  readonly method?: string;
  readonly bearer?: string;
}

function ask(side: Side, path: string, request: AskOptions): Promise<Answer> {
  return askAt(origins[side], path, request);
}

async function askAt(
  origin: string,
  path: string,
  { method, bearer }: AskOptions,
): Promise<Answer> {
  const response = await fetch(origin + path, {
    method,
    headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer}` },
    signal: AbortSignal.timeout(LIMIT),
  });
  const challenge = response.headers.get('www-authenticate');
  return { status: response.status, challenge, body: await response.json() };
}

/** Status before and after the migration. */
async function statuses(path: string, request: AskOptions = {}): Promise<readonly number[]> {
  return [(await ask('before', path, request)).status, (await ask('after', path, request)).status];
}

/** Credentials in the order of the columns of the guide. */
function credentials(): readonly (string | undefined)[] {
  const { alice = '', bob, carol } = tokens;
  const damaged = `${alice.slice(0, -8)}AAAAAAAA`;
  return [undefined, damaged, alice, bob, carol];
}

async function tokenOf(user: User): Promise<string> {
  const token = await new RequestingParty(realm, user, 'shop-web').accessToken();
  registerSecret(token);
  return token;
}
