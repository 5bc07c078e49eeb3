import {
  introspectedRpt,
  coversResource,
  type ExpectedRpt,
  type NeededPermission,
} from '../../../lib/embedded/rpt/rpt-permissions.js';
import type { Answer } from '../../support/fake-op.js';
import { FakeAs, RS } from '../../support/fake-as.js';
import { rejectionOf, TestTransport } from '../../support/embedded-transport.js';
import { protectedSite } from '../../support/uma-site.js';

const issuer = 'https://as.example.com/realms/photoz';
const EXPECTED: ExpectedRpt = { issuer, now: 1_800_000_000 };
const KEYCLOAK: ExpectedRpt = { ...EXPECTED, audience: 'photoz-api' };
const LATER = 1_800_000_300;

/** Introspection answers as the servers give them, and what is made of them. */
const ANSWERS: readonly [string, ExpectedRpt, unknown, unknown][] = [
  [
    'Keycloak 26.7.3 with the hint',
    KEYCLOAK,
    {
      exp: LATER,
      iat: 1_799_999_999,
      jti: 'trrtna:5d1bbd6f',
      aud: 'photoz-api',
      typ: 'Bearer',
      acr: '1',
      active: true,
      permissions: [
        {
          scopes: ['album:view'],
          rsid: '3a5ff8b1',
          rsname: 'Album API',
          resource_id: '3a5ff8b1',
          resource_scopes: ['album:view'],
        },
      ],
    },
    {
      active: true,
      exp: LATER,
      iat: 1_799_999_999,
      jti: 'trrtna:5d1bbd6f',
      aud: 'photoz-api',
      permissions: [{ resource_id: '3a5ff8b1', resource_scopes: ['album:view'] }],
    },
  ],
  [
    'Keycloak 26.7.3, a resource without scopes',
    KEYCLOAK,
    {
      active: true,
      aud: ['account', 'photoz-api'],
      permissions: [{ rsid: 'r1', rsname: 'Plain', resource_id: 'r1', resource_scopes: [] }],
    },
    {
      active: true,
      aud: ['account', 'photoz-api'],
      permissions: [{ resource_id: 'r1', resource_scopes: [] }],
    },
  ],
  [
    'Keycloak, item in the names of its JWT',
    KEYCLOAK,
    { active: true, aud: 'photoz-api', permissions: [{ rsid: 'r1', scopes: ['view'] }] },
    {
      active: true,
      aud: 'photoz-api',
      permissions: [{ resource_id: 'r1', resource_scopes: ['view'] }],
    },
  ],
  [
    'Keycloak without the hint: an ordinary access token',
    KEYCLOAK,
    {
      active: true,
      sub: 'jdoe',
      iss: issuer,
      azp: 'photoz-web',
      client_id: 'photoz-web',
      username: 'jdoe',
      scope: 'profile email',
      aud: 'photoz-api',
    },
    {
      active: true,
      sub: 'jdoe',
      iss: issuer,
      client_id: 'photoz-web',
      aud: 'photoz-api',
      permissions: [],
    },
  ],
  ['Keycloak, inactive', KEYCLOAK, { active: false }, { active: false }],
  [
    'Keycloak 26.2.5, an RPT for another resource server',
    KEYCLOAK,
    { active: true, aud: 'other-api', permissions: [{ rsid: 'r1', scopes: ['view'] }] },
    { active: false },
  ],
  [
    'Keycloak, a refreshed RPT that has lost its audience',
    KEYCLOAK,
    { active: true, permissions: [{ rsid: 'r1', scopes: ['view'] }] },
    { active: false },
  ],
  [
    'Keycloak, an audience that is like ours',
    KEYCLOAK,
    { active: true, aud: 'photoz-api-2', permissions: [{ rsid: 'r1', scopes: ['view'] }] },
    { active: false },
  ],
  [
    'Gluu 4 and Janssen, opaque RPT',
    EXPECTED,
    {
      active: true,
      exp: LATER,
      iat: 1_799_999_999,
      nbf: null,
      permissions: [{ resource_id: 'd0a5', resource_scopes: ['read'], exp: LATER }],
      client_id: '@!1111',
      sub: null,
      aud: '@!1111',
      iss: null,
      jti: null,
      pct_claims: {},
    },
    {
      active: true,
      exp: LATER,
      iat: 1_799_999_999,
      client_id: '@!1111',
      aud: '@!1111',
      permissions: [{ resource_id: 'd0a5', resource_scopes: ['read'], exp: LATER }],
    },
  ],
  [
    'Gluu 4, one expired item and one valid item',
    EXPECTED,
    {
      active: true,
      permissions: [
        { resource_id: 'a', resource_scopes: ['read'], exp: 1_799_999_999 },
        { resource_id: 'b', resource_scopes: ['read'], exp: LATER },
      ],
    },
    {
      active: true,
      permissions: [{ resource_id: 'b', resource_scopes: ['read'], exp: LATER }],
    },
  ],
  [
    'Gluu 4, item without scopes',
    EXPECTED,
    { active: true, permissions: [{ resource_id: 'a' }] },
    { active: true, permissions: [{ resource_id: 'a', resource_scopes: [] }] },
  ],
  [
    'SolidLab, no times and a shared audience',
    EXPECTED,
    {
      active: true,
      aud: 'solid',
      iss: issuer,
      permissions: [{ resource_id: 'http://pod/alice/a.txt', resource_scopes: ['urn:read'] }],
    },
    {
      active: true,
      aud: 'solid',
      iss: issuer,
      permissions: [{ resource_id: 'http://pod/alice/a.txt', resource_scopes: ['urn:read'] }],
    },
  ],
  [
    'UMA Federated Authorization §5.1.1',
    EXPECTED,
    {
      active: true,
      exp: LATER,
      iat: 1_799_999_999,
      aud: 'x',
      permissions: [
        {
          resource_id: '112210f47de98100',
          resource_scopes: ['view', 'http://photoz.example.com/dev/actions/print'],
          exp: LATER,
          nbf: 1_799_999_999,
          iat: 1_799_999_999,
        },
      ],
    },
    {
      active: true,
      exp: LATER,
      iat: 1_799_999_999,
      aud: 'x',
      permissions: [
        {
          resource_id: '112210f47de98100',
          resource_scopes: ['view', 'http://photoz.example.com/dev/actions/print'],
          exp: LATER,
          nbf: 1_799_999_999,
          iat: 1_799_999_999,
        },
      ],
    },
  ],
  ['an RPT that has expired', EXPECTED, { active: true, exp: 1_800_000_000 }, { active: false }],
  [
    'a clock that is 30 s behind',
    EXPECTED,
    {
      active: true,
      nbf: 1_800_000_030,
      permissions: [
        { resource_id: 'a', resource_scopes: ['read'], nbf: 1_800_000_030 },
        { resource_id: 'b', resource_scopes: ['read'], nbf: 1_800_000_031 },
        { resource_id: 'c', resource_scopes: ['read'], exp: 1_800_000_000 },
      ],
    },
    {
      active: true,
      nbf: 1_800_000_030,
      permissions: [{ resource_id: 'a', resource_scopes: ['read'], nbf: 1_800_000_030 }],
    },
  ],
  [
    'a clock that is 31 s behind',
    EXPECTED,
    { active: true, nbf: 1_800_000_031 },
    { active: false },
  ],
  ['an RPT of tomorrow', EXPECTED, { active: true, nbf: LATER }, { active: false }],
  ['times that are strings', EXPECTED, { active: true, nbf: '0' }, { active: false }],
  ['another issuer', EXPECTED, { active: true, iss: `${issuer}x` }, { active: false }],
  ['an issuer that is not a string', EXPECTED, { active: true, iss: 7 }, { active: false }],
  [
    'claims of other types',
    EXPECTED,
    { active: true, sub: 7, jti: {}, aud: [1], client_id: '' },
    { active: true, permissions: [] },
  ],
];

it.each(ANSWERS)('%s', (_, expected, answer, result) => {
  expect(introspectedRpt(answer, expected)?.result).toEqual(result);
});

it.each([
  ['undefined', undefined],
  ['null', null],
  ['an empty list', []],
  ['a list', [{ active: true }]],
  ['true', true],
  ['a string', 'active'],
  ['an empty object', {}],
  ['active as a string', { active: 'true' }],
  ['active as a number', { active: 1 }],
  ['active as null', { active: null }],
  ['an error', { error: 'server_error' }],
])('%s is no introspection response', (_, answer) => {
  expect(introspectedRpt(answer, EXPECTED)).toBeUndefined();
});

describe('whole resources', () => {
  const needed: NeededPermission = {
    resource_id: 'r1',
    scopes: ['view', 'edit'],
    requiredScopes: 'all',
    scope_expression: undefined,
  };
  it.each([
    ['of Keycloak', { rsid: 'r1' }, true],
    ['of Keycloak, in both names', { rsid: 'r1', resource_id: 'r1', resource_scopes: [] }, true],
    ['of others', { resource_id: 'r1' }, false],
    ['of others, with a list', { resource_id: 'r1', resource_scopes: [] }, false],
    ['with a scope', { rsid: 'r1', scopes: ['view'] }, false],
    ['with a scope elsewhere', { rsid: 'r1', resource_scopes: [], scopes: ['view'] }, false],
    ['of another resource', { rsid: 'r2' }, false],
    ['of two resources', { rsid: 'r2', resource_id: 'r1' }, false],
    [
      'with scopes of another type',
      { rsid: 'r1', resource_scopes: ['view', 'edit'], scopes: 'view' },
      false,
    ],
    [
      'with scopes of another type, in the other name',
      { rsid: 'r1', resource_scopes: 'view edit', scopes: ['view', 'edit'] },
      false,
    ],
  ])('%s', (_, item, expected) => {
    const answer = { active: true, permissions: [item] };
    const rpt = introspectedRpt(answer, { ...EXPECTED, hasWholeResources: true });
    expect(rpt && coversResource(rpt, needed)).toBe(expected);
    const elsewhere = introspectedRpt(answer, EXPECTED);
    expect(elsewhere && coversResource(elsewhere, needed)).toBe(false);
  });

  it('no permission covers an empty list of scopes', () => {
    const item = { resource_id: 'r1', resource_scopes: ['view'] };
    const rpt = introspectedRpt({ active: true, permissions: [item] }, EXPECTED);
    expect(rpt && coversResource(rpt, { ...needed, scopes: [] })).toBe(false);
  });
});

describe('at an authorization server', () => {
  let as: FakeAs;
  let transport: TestTransport;
  let oxd_id: string;

  beforeAll(async () => {
    as = await FakeAs.start();
  });
  afterAll(() => as.close());
  beforeEach(() => {
    as.reset();
    transport = new TestTransport();
  });
  afterEach(() => TestTransport.closeAll());

  const check = (rpt: string) =>
    transport.run('uma_rs_check_access', { oxd_id, path: '/photo', http_method: 'GET', rpt });
  const good = () => as.rpt(as.item(as.idOf('[GET] /photo'), 'view'));

  it.each([
    {
      name: 'active',
      introspection: { active: false },
      reason: 'introspection returned active false',
    },
    { name: 'exp', introspection: { exp: 1 }, reason: 'exp has passed, or nbf is in the future' },
    {
      name: 'nbf',
      introspection: { nbf: 'soon' },
      reason: 'exp has passed, or nbf is in the future',
    },
    {
      name: 'iss',
      introspection: { iss: 'https://evil.example' },
      reason: 'iss is another issuer',
    },
    { name: 'aud', introspection: { aud: 'other' }, reason: 'aud does not contain the client' },
  ])('logs at debug that $name makes an RPT inactive', async ({ introspection, reason }) => {
    as.reset('keycloak');
    const debugged: string[] = [];
    const log = {
      warn: () => undefined,
      error: () => undefined,
      debug: (text: string) => void debugged.push(text),
    };
    transport = new TestTransport({ log });
    oxd_id = await protectedSite(transport, as);
    as.introspection = introspection;
    expect(await check(good())).toMatchObject({ access: 'denied' });
    expect(debugged).toEqual([`uma_rs_check_access: the RPT is not active: ${reason}.`]);
  });

  it.each([
    ['spec', 'Bearer', null],
    ['gluu', 'Bearer', null],
    ['janssen', 'Bearer', null],
    ['solidlab', 'Bearer', null],
    ['keycloak', 'Basic', 'requesting_party_token'],
  ] as const)('of %s an RPT is introspected with %s', async (vendor, scheme, hint) => {
    as.reset(vendor);
    oxd_id = await protectedSite(transport, as);
    expect(await check(good())).toMatchObject({ access: 'granted' });
    expect(await check('unknown-rpt')).toMatchObject({ access: 'denied' });
    const [first, ...others] = as.seen('rpt');
    expect(others).toHaveLength(1);
    expect(first?.headers).toMatchObject({
      authorization: expect.stringMatching(`^${scheme} `),
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(first?.form.get('token_type_hint')).toBe(hint);
  });

  it.each([
    ['keycloak', 'another API', 'denied', 'other-api'],
    ['keycloak', 'the client as one of two', 'granted', ['account', RS.client_id]],
    ['keycloak', 'undefined', 'denied', undefined],
    ['gluu', 'another client', 'granted', 'client-of-bob'],
    ['solidlab', 'another server', 'granted', 'solid'],
  ] as const)('of %s an RPT with audience %s is %s', async (vendor, _, access, aud) => {
    as.reset(vendor);
    oxd_id = await protectedSite(transport, as);
    as.introspection = { aud };
    expect(await check(good())).toMatchObject({ access });
  });

  it.each([
    ['pat', 'client', { policy_endpoint: undefined }],
    ['client', 'pat', { policy_endpoint: 'https://as.example.com/p' }],
  ] as const)('that rejects %s: %s is tried once and retained', async (_, way, discovery) => {
    as.reset(way === 'client' ? 'keycloak' : 'spec');
    as.discovery = discovery;
    as.introspection = { aud: RS.client_id };
    oxd_id = await protectedSite(transport, as);
    expect(await check(good())).toMatchObject({ access: 'granted' });
    const before = as.seen('rpt').length;
    expect(await check(good())).toMatchObject({ access: 'granted' });
    expect(as.seen('rpt')).toHaveLength(before + 1);
  });

  it.each([
    ['spec', 'bad PAT', 401, { error: 'invalid_token' }],
    ['keycloak', 'bad client', 401, { error: 'invalid_client' }],
    ['keycloak', 'bad client of 26.2', 401, { error: 'invalid_request' }],
    ['keycloak', 'public client', 403, { error: 'invalid_request' }],
    ['gluu', 'no PAT', 401, { error: 'unauthorized_client' }],
    ['gluu', 'bad PAT', 401, { error: 'access_denied' }],
    ['gluu', 'PAT without scope', 406, { error: 'invalid_client_scope' }],
    ['janssen', 'no PAT', 401, { error: 'unauthorized_client' }],
    ['janssen', 'bad PAT', 401, { error: 'access_denied' }],
    ['janssen', 'PAT without scope', 406, { error: 'invalid_client_scope' }],
    ['solidlab', 'no PAT', 401, { status: 401, message: 'Unauthorized' }],
    ['solidlab', 'bad PAT', 403, { status: 403, message: 'Forbidden' }],
  ] as const)('%s that rejects both ways: %s', async (vendor, _case, status, json) => {
    as.reset(vendor);
    as.introspection = { aud: RS.client_id };
    oxd_id = await protectedSite(transport, as);
    as.on('rpt', { status, json });
    const error = await rejectionOf(check(good()));
    expect(error).toMatchObject({ error: `http_status_${status}`, mayHaveRun: false });
    expect(error.message).toMatch(/(?:Check site.client_id|scope uma_protection).*Keycloak: /);
    expect(as.seen('rpt')).toHaveLength(3);
    as.on('rpt', undefined);
    expect(await check(good())).toMatchObject({ access: 'granted' });
  });

  it('that rejects the last method, both methods are tried the next time', async () => {
    oxd_id = await protectedSite(transport, as);
    await check(good());
    as.on('rpt', { status: 403, json: {} });
    await rejectionOf(check(good()));
    expect(as.seen('rpt')).toHaveLength(3);
    as.on('rpt', ({ headers, form }) =>
      headers.authorization?.startsWith('Basic ')
        ? { json: { active: true, permissions: [as.item(as.idOf('[GET] /photo'), 'view')] } }
        : { status: 403, json: { token: form.has('token') } },
    );
    expect(await check(good())).toMatchObject({ access: 'granted' });
  });

  const OTHER_ANSWERS: readonly [string, Answer, string][] = [
    ['active as a string', { json: { active: 'true' } }, 'internal_error'],
    ['active as a number', { json: { active: 1 } }, 'internal_error'],
    ['an HTML page', { text: '<h1>active: true</h1>' }, 'internal_error'],
    ['nothing', { text: '' }, 'internal_error'],
    ['a list', { json: [{ active: true }] }, 'internal_error'],
    ['true', { json: true }, 'internal_error'],
    ['an error with 200', { json: { error: 'server_error' } }, 'internal_error'],
    ['a redirect', { status: 302, text: '', headers: { location: '/x' } }, 'internal_error'],
    ['201', { status: 201, json: { active: true } }, 'internal_error'],
    ['400', { status: 400, json: { error: 'invalid_request' } }, 'http_status_400'],
    ['404', { status: 404, text: 'not here' }, 'http_status_404'],
    ['500 with active true', { status: 500, json: { active: true } }, 'http_status_500'],
    ['503', { status: 503, text: '' }, 'http_status_503'],
    ['a broken connection', { drop: true }, 'internal_error'],
  ];

  it.each(OTHER_ANSWERS)('rejects a response: %s', async (_, answer, word) => {
    oxd_id = await protectedSite(transport, as);
    as.on('rpt', answer);
    const rpt = good();
    expect(await rejectionOf(check(rpt))).toMatchObject({ error: word, mayHaveRun: false });
    expect(await rejectionOf(transport.run('introspect_rpt', { oxd_id, rpt }))).toMatchObject({
      error: word,
    });
    expect(as.seen('permission')).toHaveLength(0);
    as.on('rpt', undefined);
    expect(await check(rpt)).toMatchObject({ access: 'granted' });
  });

  it.each([
    ['SolidLab', { status: 400, message: 'Invalid request body.' }],
    ['an error code', { error: 'invalid_token' }],
    ['a statement', { active: false }],
  ])('400 means inactive with %s', async (_, json) => {
    oxd_id = await protectedSite(transport, as);
    as.on('rpt', { status: 400, json });
    expect(await check(good())).toMatchObject({ access: 'denied' });
  });

  it.each([['active, 400', { active: true }]])('%s is a failure', async (_, json) => {
    oxd_id = await protectedSite(transport, as);
    as.on('rpt', { status: 400, json });
    expect(await rejectionOf(check(good()))).toMatchObject({ error: 'http_status_400' });
  });

  it('introspect_rpt returns the permissions of an RPT', async () => {
    as.reset('keycloak');
    oxd_id = await protectedSite(transport, as);
    const resource_id = as.idOf('[GET] /photo');
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: as.issuer, sub: 'alice', exp: now + 60 };
    const rpt = as.keep(await as.op.sign(claims), [as.item(resource_id, 'view')]);
    as.introspection = { exp: now + 60, iat: now };
    expect(await transport.run('introspect_rpt', { oxd_id, rpt })).toEqual({
      ...{ active: true, exp: now + 60, iat: now, jti: 'a1', aud: RS.client_id, sub: 'alice' },
      permissions: [{ resource_id, resource_scopes: ['view'] }],
    });
    expect(await transport.run('introspect_rpt', { oxd_id, rpt: 'dead' })).toEqual({
      active: false,
    });
  });

  it('introspect_rpt returns results that share nothing', async () => {
    oxd_id = await protectedSite(transport, as);
    const introspected = () => transport.run('introspect_rpt', { oxd_id, rpt: 'dead' });
    const changed = { active: true, sub: 'mallory' };
    Object.assign(await introspected(), changed);
    expect(await introspected()).toEqual({ active: false });
    expect(await check('dead')).toMatchObject({ access: 'denied' });
  });

  it('introspect_rpt takes an RPT with half a surrogate pair for inactive', async () => {
    oxd_id = await protectedSite(transport, as);
    const rpt = 'dead-\ud800';
    expect(await transport.run('introspect_rpt', { oxd_id, rpt })).toEqual({ active: false });
  });

  it.each(['', ' ', undefined])('introspect_rpt needs an RPT, not %p', async (rpt) => {
    oxd_id = await protectedSite(transport, as);
    const call = transport.run('introspect_rpt', { oxd_id, rpt: rpt as string });
    expect(await rejectionOf(call)).toMatchObject({ error: 'bad_request' });
  });
});
