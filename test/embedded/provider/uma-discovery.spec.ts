import type { Answer } from '../../support/fake-op.js';
import { FakeAs, RS } from '../../support/fake-as.js';
import {
  CALLBACK,
  limitEndedBy,
  rejectionOf,
  TestTransport,
} from '../../support/embedded-transport.js';
import { PHOTO, protectedSite, rsSite } from '../../support/uma-site.js';

let as: FakeAs;
let transport: TestTransport;
let now: number;

beforeAll(async () => {
  as = await FakeAs.start();
});
afterAll(() => as.close());
beforeEach(() => {
  now = Date.now();
  as.reset();
  transport = new TestTransport({ clock: () => now });
});
afterEach(() => TestTransport.closeAll());

const check = (oxd_id: string) =>
  transport.run('uma_rs_check_access', { oxd_id, path: '/photo', http_method: 'GET' });
const protect = async (more: object = {}) => {
  const oxd_id = await transport.site(as, { ...RS, ...more });
  return transport.run('uma_rs_protect', { oxd_id, resources: [PHOTO] });
};

describe('UMA discovery', () => {
  it('is at the issuer, with the path appended', async () => {
    await protect();
    expect(as.seen('uma-discovery').map(({ url }) => url)).toEqual([
      '/.well-known/uma2-configuration',
    ]);
  });

  it.each([
    ['an issuer with a path', (host: string) => ({ op_host: `${host}/realms/photoz` })],
    [
      'an issuer with a slash at its end',
      (host: string) => ({ op_host: `${host}/realms/photoz/` }),
    ],
    [
      'an op_discovery_path',
      (host: string) => ({ op_host: host, op_discovery_path: '/realms/photoz' }),
    ],
    [
      'the part of op_configuration_endpoint before /.well-known/',
      (host: string) => ({
        op_host: host,
        op_configuration_endpoint: `${host}/realms/photoz/.well-known/openid-configuration`,
      }),
    ],
  ])('is below %s', async (_, address) => {
    const issuer = `${as.issuer}/realms/photoz`;
    as.discovery = { issuer };
    as.op.discovery = { ...as.op.discovery, issuer };
    const site = { ...RS, ...address(as.issuer), authorization_redirect_uri: CALLBACK };
    const { oxd_id } = await transport.run('register_site', site);
    await transport.run('uma_rs_protect', { oxd_id, resources: [PHOTO] });
    const { 'www-authenticate_header': header } = await check(oxd_id);
    expect(header).toContain(`as_uri="${issuer}"`);
    expect(as.seen('uma-discovery').map(({ url }) => url)).toEqual([
      '/realms/photoz/.well-known/uma2-configuration',
    ]);
  });

  it('is done for each op_configuration_endpoint of a host', async () => {
    for (const realm of ['one', 'two']) {
      const issuer = `${as.issuer}/${realm}`;
      as.discovery = { issuer };
      as.op.discovery = { ...as.op.discovery, issuer };
      const op_configuration_endpoint = `${issuer}/.well-known/openid-configuration`;
      const oxd_id = await transport.site(as, { ...RS, op_configuration_endpoint });
      await transport.run('uma_rs_protect', { oxd_id, resources: [PHOTO] });
      const { 'www-authenticate_header': header } = await check(oxd_id);
      expect(header).toContain(`as_uri="${issuer}"`);
    }
  });

  it('is done once for concurrent requests, and again after ten minutes', async () => {
    const oxd_id = await protectedSite(transport, as);
    await Promise.all(Array.from({ length: 8 }, () => check(oxd_id)));
    expect(as.seen('uma-discovery')).toHaveLength(1);
    now += 600_001;
    await Promise.all(Array.from({ length: 8 }, () => check(oxd_id)));
    expect(as.seen('uma-discovery')).toHaveLength(2);
  });

  it.each(['introspection_endpoint', 'token_endpoint', 'jwks_uri'])(
    'takes a missing %s from the OpenID document',
    async (name) => {
      as.discovery = { [name]: undefined };
      as.op.discovery = { ...as.op.discovery, introspection_endpoint: `${as.issuer}/uma/rpt` };
      const oxd_id = await protectedSite(transport, as);
      const rpt = as.rpt(as.item(as.idOf('[GET] /photo'), 'view'));
      const granted = transport.run('uma_rs_check_access', {
        ...{ oxd_id, rpt, path: '/photo', http_method: 'GET' },
      });
      expect(await granted).toMatchObject({ access: 'granted' });
    },
  );
});

const BAD_DOCUMENTS: readonly [string, Record<string, unknown>][] = [
  ['another issuer', { issuer: 'https://evil.example' }],
  ['an issuer below the expected one', { issuer: 'ISSUER/x' }],
  ['an issuer with two slashes', { issuer: 'ISSUER//' }],
  ['an issuer with a line break', { issuer: 'ISSUER\r\n' }],
  ['no issuer', { issuer: undefined }],
  ['an issuer that is a number', { issuer: 7 }],
  ['no permission endpoint', { permission_endpoint: undefined }],
  ['no resource registration endpoint', { resource_registration_endpoint: undefined }],
  ['a relative endpoint', { permission_endpoint: '/uma/permission' }],
  ['an endpoint of another scheme', { permission_endpoint: 'file:///etc/passwd' }],
  ['an endpoint with a line break', { permission_endpoint: 'ISSUER/a\nb' }],
  ['an endpoint that is a list', { introspection_endpoint: ['ISSUER/rpt'] }],
];

describe('a UMA discovery document is rejected', () => {
  it.each(BAD_DOCUMENTS)('with %s', async (_, properties) => {
    as.discovery = Object.fromEntries(
      Object.entries(properties).map(([name, value]) => [
        name,
        typeof value === 'string' ? value.replace('ISSUER', as.issuer) : value,
      ]),
    );
    const error = await rejectionOf(protect());
    expect(error).toMatchObject({ error: 'no_uma_discovery_response', mayHaveRun: false });
    expect(as.seen('pat')).toHaveLength(0);
    as.discovery = {};
    await protect();
  });

  const ANSWERS: readonly [string, Answer, RegExp][] = [
    ['404', { status: 404, text: '' }, /\(404\)/],
    ['500', { status: 500, text: '' }, /\(500\)/],
    ['a redirect', { status: 302, text: '', headers: { location: '/x' } }, /302/],
    ['a page', { text: '<h1>hello</h1>' }, /not a JSON object/],
    ['a list', { json: [] }, /not a JSON object/],
    ['a broken connection', { drop: true }, /broke/],
    ['no response', { hang: true }, /within 300 ms/],
  ];

  it.each(ANSWERS)('if the server returns: %s', async (_, answer, message) => {
    transport = new TestTransport(limitEndedBy(as.op, 300));
    as.on('uma-discovery', answer);
    const error = await rejectionOf(protect());
    expect(error).toMatchObject({ error: 'no_uma_discovery_response', mayHaveRun: false });
    expect(error.message).toMatch(message);
    as.on('uma-discovery', undefined);
    await protect();
  });

  it('with an endpoint on plain http where that is not allowed', async () => {
    const strict = new TestTransport({ allowInsecureRequests: false, store: transport.store });
    const oxd_id = await rsSite(transport, as);
    const call = strict.run('uma_rs_protect', { oxd_id, resources: [PHOTO] });
    expect((await rejectionOf(call)).message).toContain('allowInsecureRequests');
  });
});
