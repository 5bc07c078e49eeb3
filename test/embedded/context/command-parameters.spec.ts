import { rejectionOf, TestTransport } from '../../support/embedded-transport.js';

afterEach(() => TestTransport.closeAll());

const ROWS: readonly { command: string; name: string; values: unknown[]; type: string }[] = [
  {
    command: 'get_tokens_by_code',
    name: 'code',
    values: [7, true, ['code'], { code: 'code' }],
    type: 'a string',
  },
  {
    command: 'get_authorization_url',
    name: 'acr_values',
    values: ['basic', { 0: 'basic' }, [7], [null]],
    type: 'a list of strings',
  },
  {
    command: 'get_authorization_url',
    name: 'keep_state',
    values: ['false', 0, []],
    type: 'a boolean',
  },
  {
    command: 'get_authorization_url',
    name: 'params',
    values: ['hd', ['hd'], { hd: 7 }],
    type: 'an object of strings',
  },
  {
    command: 'get_tokens_by_code',
    name: 'min_auth_time',
    values: ['0', Infinity, NaN, {}],
    type: 'a number',
  },
  {
    command: 'uma_rs_protect',
    name: 'resources',
    values: ['/photo', { path: '/photo' }, 7],
    type: 'a list of resources with conditions',
  },
];

it.each(ROWS)('rejects $name of $command unless it is $type', async ({ command, ...row }) => {
  const transport = new TestTransport();
  for (const value of row.values) {
    const error = await rejectionOf(transport.raw(command, { [row.name]: value }));
    expect(error).toMatchObject({ error: 'bad_request', mayHaveRun: false });
    expect(error.message).toContain(`${row.name}: must be ${row.type}.`);
  }
});

it.each([
  { command: 'get_client_token', name: 'client_id', others: { client_secret: 's' } },
  { command: 'get_client_token', name: 'client_secret', others: { client_id: 'c' } },
  { command: 'get_tokens_by_code', name: 'code', others: { state: 's' } },
  { command: 'get_tokens_by_code', name: 'state', others: { code: 'c' } },
  { command: 'get_access_token_by_refresh_token', name: 'refresh_token', others: {} },
  { command: 'get_user_info', name: 'access_token', others: {} },
  { command: 'introspect_access_token', name: 'access_token', others: {} },
  { command: 'introspect_rpt', name: 'rpt', others: {} },
])('rejects $command if $name is missing or blank', async ({ command, name, others }) => {
  const transport = new TestTransport();
  for (const value of [undefined, null, '', ' \t']) {
    const error = await rejectionOf(transport.raw(command, { ...others, [name]: value }));
    expect(error).toMatchObject({ error: 'bad_request', mayHaveRun: false });
    expect(error.message).toContain(`${name}: must not be empty.`);
  }
});

it.each(['get_authorization_url', 'uma_rs_protect', 'remove_site'])(
  'rejects %s if oxd_id is missing or blank',
  async (command) => {
    const transport = new TestTransport();
    const resources = [
      { path: '/photo', conditions: [{ httpMethods: ['GET'], scopes: ['view'] }] },
    ];
    for (const oxd_id of [undefined, '', ' ']) {
      const params = command === 'uma_rs_protect' ? { oxd_id, resources } : { oxd_id };
      const error = await rejectionOf(transport.raw(command, params));
      expect(error).toMatchObject({ error: 'bad_request', mayHaveRun: false });
      expect(error.message).toContain('oxd_id: must not be empty.');
    }
  },
);
