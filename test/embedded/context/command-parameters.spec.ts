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
