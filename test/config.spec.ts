import { oxdConfig } from '../lib/oxd.config.js';
import { OxdConfigurationError } from '../lib/errors.js';

const base = {
  OXD_OP_HOST: 'https://op.example.com',
  OXD_AUTHORIZATION_REDIRECT_URI: 'https://app.example.com/callback',
};

function read(variables: Record<string, string>): ReturnType<typeof oxdConfig> {
  const before = process.env;
  process.env = { ...base, ...variables };
  try {
    return oxdConfig();
  } finally {
    process.env = before;
  }
}

function issuesOf(variables: Record<string, string>): readonly string[] {
  try {
    read(variables);
    return [];
  } catch (error) {
    if (error instanceof OxdConfigurationError) return error.issues;
    throw error;
  }
}

describe('oxdConfig', () => {
  it('reads options of every kind', () => {
    expect(
      read({
        OXD_SCOPE: 'openid, email',
        OXD_TRANSPORT_TYPE: 'socket',
        OXD_TRANSPORT_PORT: '8100',
        OXD_SECRET: `${'n'.repeat(32)},${'o'.repeat(32)}`,
        OXD_EAGER: 'true',
        OXD_LOGIN_STATE_LIFETIME: '60000',
      }),
    ).toEqual({
      site: {
        op_host: base.OXD_OP_HOST,
        authorization_redirect_uri: base.OXD_AUTHORIZATION_REDIRECT_URI,
        scope: ['openid', 'email'],
      },
      transport: { type: 'socket', port: 8100 },
      secret: ['n'.repeat(32), 'o'.repeat(32)],
      eager: true,
      login: { stateLifetime: 60_000 },
    });
  });

  it('means the embedded transport where no type is named', () => {
    expect(read({ OXD_TRANSPORT_TIMEOUT: '5' }).transport).toEqual({
      type: 'embedded',
      timeout: 5,
    });
  });

  it('takes an empty variable for none, and leaves foreign OXD_ variables alone', () => {
    const options = read({
      OXD_SCOPE: '',
      OXD_SERVICE_HOST: '10.0.0.1',
      OXD_PORT: 'tcp://10.0.0.1',
    });
    expect(Object.keys(options)).toEqual(['site']);
  });

  it.each([
    ['OXD_TRANSPORT_PORT', { OXD_TRANSPORT_TYPE: 'socket', OXD_TRANSPORT_PORT: '80 99' }],
    ['OXD_EAGER', { OXD_EAGER: 'yes' }],
    ['OXD_OP_HOST', { OXD_OP_HOST: 'op.example.com' }],
    ['OXD_TRANSPORT_PORT', { OXD_TRANSPORT_PORT: '8099' }],
    ['OXD_SECRET', { OXD_SECRET: 'short' }],
  ])('names %s when its value is wrong', (name, variables) => {
    expect(issuesOf(variables)[0]).toContain(`${name} (`);
  });
});
