import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './support/source.js';
import { testTitles } from './support/test-titles.js';

/** Parameters that oxd-ruby 0.1.9 takes from its configuration for a registration. */
const REGISTRATION = [
  ...['authorization_redirect_uri', 'op_host', 'post_logout_redirect_uri', 'application_type'],
  ...['response_types', 'grant_types', 'scope', 'acr_values', 'client_jwks_uri', 'client_name'],
  ...['client_token_endpoint_auth_method', 'client_request_uris', 'client_logout_uris'],
  ...['client_sector_identifier_uri', 'contacts', 'ui_locales', 'claims_locales'],
  ...['client_id', 'client_secret', 'protection_access_token'],
];
const NOT_IN_UPDATES = ['op_host', 'application_type', 'client_id', 'client_secret'];
const UPDATE = REGISTRATION.filter((name) => !NOT_IN_UPDATES.includes(name));
const SITE = ['oxd_id', 'protection_access_token'];
const CREDENTIALS = [
  ...['client_id', 'client_secret', 'client_registration_access_token'],
  ...['client_registration_client_uri', 'client_id_issued_at', 'client_secret_expires_at'],
];

/** Parameters and response fields of the commands of oxd-ruby 0.1.9 and oxd 3.1.1. */
const COMMANDS: Readonly<Record<string, readonly [params: string[], fields: string[]]>> = {
  setup_client: [
    [...REGISTRATION, 'oxd_rp_programming_language'],
    ['oxd_id', 'op_host', ...CREDENTIALS],
  ],
  get_client_token: [
    ['op_host', 'op_discovery_path', 'scope', 'client_id', 'client_secret'],
    ['access_token', 'expires_in', 'scope'],
  ],
  register_site: [REGISTRATION, ['oxd_id', 'op_host']],
  update_site_registration: [[...UPDATE, 'oxd_id', 'client_secret_expires_at'], ['oxd_id']],
  get_authorization_url: [
    [...SITE, 'prompt', 'scope', 'acr_values', 'custom_params'],
    ['authorization_url'],
  ],
  get_tokens_by_code: [
    [...SITE, 'code', 'state'],
    ['access_token', 'expires_in', 'id_token', 'refresh_token', 'id_token_claims'],
  ],
  get_access_token_by_refresh_token: [
    [...SITE, 'refresh_token', 'scope'],
    ['access_token', 'expires_in', 'refresh_token', 'scope'],
  ],
  get_user_info: [[...SITE, 'access_token'], ['claims']],
  get_logout_uri: [
    [...SITE, 'id_token_hint', 'post_logout_redirect_uri', 'state', 'session_state'],
    ['uri'],
  ],
  uma_rs_protect: [
    [...SITE, 'resources', 'path', 'conditions', 'httpMethods', 'scopes', 'ticketScopes'],
    ['oxd_id'],
  ],
  uma_rs_check_access: [
    [...SITE, 'rpt', 'path', 'http_method'],
    ['access', 'ticket', 'www-authenticate_header'],
  ],
  uma_rp_get_rpt: [
    [...SITE, 'ticket', 'claim_token', 'claim_token_format', 'pct', 'rpt', 'scope', 'state'],
    ['access_token', 'token_type', 'pct', 'updated', 'error', 'details'],
  ],
  uma_rp_get_claims_gathering_url: [
    [...SITE, 'ticket', 'claims_redirect_uri'],
    ['url', 'state'],
  ],
};

const text = (file: string): string => readFileSync(join(root, file), 'utf8');
const [, commands = ''] = text('docs/migration/oxd-ruby.md').split('\n## Commands\n');
const sections = commands.split('\n### ').slice(1);
const TITLES = new Set(
  [
    ...['test/contract/transports.spec.ts', 'test/contract/uma.spec.ts'],
    ...['test/commands/dialect/dialect.spec.ts', 'test/oidc/parameter-aliases.spec.ts'],
  ].flatMap((file) => [...testTitles(text(file))]),
);

/** Rows of a section: name, kind, name here and title of a test. */
function rowsOf(section: string) {
  const rows = section.matchAll(/^\| `([\w-]+)` +\| (\w+) +\| (.+?) +\| "(.+)" +\|$/gm);
  return [...rows].map(([, name = '', kind, here, title = '']) => ({ name, kind, here, title }));
}

it('docs/migration/oxd-ruby.md has the 13 commands of oxd-ruby', () => {
  const names = sections.map((section) => section.split('\n')[0]);
  expect(names).toHaveLength(13);
  expect(names).toEqual(Object.keys(COMMANDS));
});

describe.each(Object.entries(COMMANDS))('%s in docs/migration/oxd-ruby.md', (command, facts) => {
  const rows = rowsOf(sections.find((section) => section.startsWith(`${command}\n`)) ?? '');

  it.each([
    ['parameter', facts[0]],
    ['response', facts[1]],
  ] as const)('has every row of the kind %s', (kind, expected) => {
    const names = rows.filter((row) => row.kind === kind).map(({ name }) => name);
    expect(names.toSorted()).toEqual(expected.toSorted());
  });

  it('names a test for each row, and the test exists', () => {
    expect(rows.filter(({ title }) => !TITLES.has(title))).toEqual([]);
  });
});
