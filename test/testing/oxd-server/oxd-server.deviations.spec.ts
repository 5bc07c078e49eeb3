import { readFileSync } from 'node:fs';
import { OxdServer } from '../../../lib/testing/oxd-server/oxd-server.js';
import { replyOf } from '../../recordings/recordings.js';
import { FakeOp } from '../../support/fake-op.js';
import { FrameClient, frameOf } from '../../support/frame-client.js';
import { registerSecret } from '../../support/secrets.js';

type Version = '3.1.1' | '3.1.4';

const SITE = {
  authorization_redirect_uri: 'https://client.example/cb',
  grant_types: ['authorization_code', 'client_credentials'],
  scope: ['openid', 'uma_protection', 'oxd'],
};
/** Code exchange whose outcome differs. */
interface ExchangeRow {
  readonly name: string;
  /** Case in the table of docs/oxd-versions.md. */
  readonly row: string;
  readonly versions: readonly Version[];
  /** Alters the provider before the exchange. */
  readonly change: () => void;
  readonly real: string;
  readonly ours: string;
}

const CLOSES = 'internal_error, closes';

let op: FakeOp;
const open: OxdServer[] = [];

beforeAll(async () => {
  op = await FakeOp.start();
});
beforeEach(() => op.reset());
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});
afterAll(() => op.close());

async function start(version: Version, protectCommands = false): Promise<OxdServer> {
  const options = { version, protectCommands, allowInsecureRequests: true };
  const server = await OxdServer.start({ ...options, onSecret: registerSecret });
  open.push(server);
  return server;
}

/** Sends a command; returns its data, and the outcome as a table of replies names it. */
async function ask({ port }: OxdServer, command: string, params: object, expected = 'ok') {
  const client = await FrameClient.open(port);
  const awaitsClose = expected === CLOSES;
  const { frame, closed } = await client.ask([frameOf(command, params)], { awaitsClose });
  client.close();
  const reply = replyOf(frame);
  const code = reply?.status === 'ok' ? 'ok' : String(reply?.data.error);
  return { data: reply?.data ?? {}, outcome: closed ? `${code}, closes` : code };
}

async function setUp(server: OxdServer): Promise<Record<string, unknown>> {
  const { data } = await ask(server, 'setup_client', { ...SITE, op_host: op.issuer });
  return data;
}

/** Rows of the table of deviations: case, oxd-server, `OxdServer`. */
function documented(): readonly string[][] {
  const page = readFileSync(new URL('../../../docs/oxd-versions.md', import.meta.url), 'utf8');
  const [, section = ''] = /^## OxdServer in tests$(.*?)^## /ms.exec(page) ?? [];
  const rows = [...section.matchAll(/^\|(.+)\|(.+)\|(.+)\|$/gm)];
  return rows.map(([, name = '', ...outcomes]) => [
    name.trim(),
    ...outcomes.map((outcome) => outcome.replaceAll('`', '').trim()),
  ]);
}

/** Logs a user in at an altered provider. */
async function exchange(
  version: Version,
  { change, ours }: Pick<ExchangeRow, 'change' | 'ours'>,
): Promise<string> {
  const server = await start(version);
  const { oxd_id } = await setUp(server);
  const { data } = await ask(server, 'get_authorization_url', { oxd_id });
  const callback = op.login(String(data.authorization_url));
  change();
  return (await ask(server, 'get_tokens_by_code', { oxd_id, ...callback }, ours)).outcome;
}

const claim = (name: string) => () => void (op.claims = { [name]: undefined });
const token = (answer: { text?: string; json?: object }) => () => op.on('token', answer);

/** Code exchanges that a real oxd-server ends differently. */
const EXCHANGES: readonly ExchangeRow[] = [
  {
    name: 'an empty token response',
    row: 'code exchange: an empty response, or one without JSON',
    versions: ['3.1.1', '3.1.4'],
    change: token({ text: '' }),
    real: 'no_id_token',
    ours: CLOSES,
  },
  {
    name: 'a token response that is not JSON',
    row: 'code exchange: an empty response, or one without JSON',
    versions: ['3.1.1', '3.1.4'],
    change: token({ text: 'hello' }),
    real: 'no_id_token',
    ours: CLOSES,
  },
  {
    name: 'a token response with other JSON',
    row: 'code exchange: a response without tokens',
    versions: ['3.1.1', '3.1.4'],
    change: token({ json: { hello: 'world' } }),
    real: 'no_id_token',
    ours: 'no_access_token',
  },
  {
    name: 'a token response without token_type',
    row: 'code exchange: no `token_type`',
    versions: ['3.1.1', '3.1.4'],
    change: () => void (op.tokens = { token_type: undefined }),
    real: 'ok',
    ours: CLOSES,
  },
  {
    name: 'an id_token without nonce',
    row: 'ID token without `nonce`',
    versions: ['3.1.1', '3.1.4'],
    change: claim('nonce'),
    real: CLOSES,
    ours: 'invalid_nonce',
  },
  {
    name: 'an id_token without iat',
    row: 'ID token without `iat` or `sub`',
    versions: ['3.1.1', '3.1.4'],
    change: claim('iat'),
    real: 'ok',
    ours: 'invalid_id_token_unknown',
  },
  {
    name: 'an id_token without sub',
    row: 'ID token without `iat` or `sub`',
    versions: ['3.1.1', '3.1.4'],
    change: claim('sub'),
    real: 'ok',
    ours: 'invalid_id_token_unknown',
  },
  {
    name: 'an id_token without at_hash',
    row: '3.1.1: ID token without `at_hash`',
    versions: ['3.1.1'],
    change: () => undefined,
    real: 'invalid_access_token_bad_hash',
    ours: 'ok',
  },
];

describe('OxdServer deviates from oxd-server', () => {
  it.each(EXCHANGES.flatMap((row) => row.versions.map((version) => ({ ...row, version }))))(
    '$version at $name: "$ours" instead of "$real"',
    async ({ version, ...row }) => {
      expect(await exchange(version, row)).toBe(row.ours);
    },
  );

  it('as the table in docs/oxd-versions.md states', () => {
    const tested = EXCHANGES.map(({ row, real, ours }) => [row, real, ours]);
    expect(documented()).toEqual(expect.arrayContaining(tested));
  });

  it('at a wrong op_discovery_path of a known host: invalid_uma_request instead of ok', async () => {
    const server = await start('3.1.4');
    const site = { ...SITE, op_host: op.issuer };
    expect((await ask(server, 'register_site', site)).outcome).toBe('ok');
    op.on('client', { status: 404, json: { error: 'not_found' } });
    const wrong = { ...site, op_discovery_path: '/wrong' };
    expect((await ask(server, 'register_site', wrong)).outcome).toBe('invalid_uma_request');
  });

  it('3.1.4 introspects a token with client credentials, and requires a string as scope', async () => {
    const server = await start('3.1.4');
    const { oxd_id } = await setUp(server);
    const introspect = (expected: string) =>
      ask(server, 'introspect_access_token', { oxd_id, access_token: 'a' }, expected);
    expect((await introspect('ok')).outcome).toBe('ok');
    expect(op.seen('introspect')[0]?.headers.authorization).toMatch(/^Basic /);
    op.on('introspect', { json: { active: true, scope: ['openid'] } });
    expect((await introspect(CLOSES)).outcome).toBe(CLOSES);
  });
});

it.each([
  { version: '3.1.1', outcome: 'invalid_id_token_unknown' },
  { version: '3.1.4', outcome: 'ok' },
] as const)(
  'OxdServer $version at a list of one audience: "$outcome", like oxd-server',
  async (row) => {
    const change = () => {
      op.mint = (claims) => op.sign({ ...claims, aud: [claims.aud ?? ''].flat() });
    };
    expect(await exchange(row.version, { change, ours: row.outcome })).toBe(row.outcome);
  },
);

it('OxdServer 3.1.4 rejects the token of a user as a protection token, like oxd-server', async () => {
  const server = await start('3.1.4', true);
  const { oxd_id, client_id, client_id_of_oxd_id } = await setUp(server);
  expect(client_id_of_oxd_id).not.toBe(client_id);
  const use = async (owner: unknown) => {
    op.on('introspect', { json: { active: true, client_id: owner, scope: 'openid oxd' } });
    const params = { oxd_id, protection_access_token: 'a-token' };
    return ask(server, 'get_authorization_url', params);
  };
  expect((await use(client_id_of_oxd_id)).outcome).toBe('invalid_protection_access_token');
  const { data, outcome } = await use(client_id);
  expect(outcome).toBe('ok');
  // A user who logs in without a scope of the call gets a token with the scope of protection tokens.
  const { searchParams } = new URL(String(data.authorization_url));
  expect(searchParams.get('scope')?.split(' ')).toContain('oxd');
});
