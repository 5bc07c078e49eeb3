import { NeedInfoError, OxdCommandError, RequestSubmittedError } from '../../lib/base/errors.js';
import type {
  SandboxPolicies,
  SandboxPolicy,
  SandboxPolicyRequest,
} from '../../lib/sandbox/sandbox.js';
import {
  type UmaCondition,
  type UmaResource,
  type UmaRpGetRptParams,
  UmaService,
} from '../../lib/index.js';
import { registerSecret } from '../support/secrets.js';
import { FakeAs } from '../support/oxd-fake-as.js';
import { traitsOf } from '../support/oxd-peers.js';
import {
  CLAIMS,
  type Exceptions,
  expectedOn,
  type Login,
  moduleOn,
  outcomeOf,
  TRANSPORTS,
  type TransportName,
  unsupported,
  World,
} from '../support/contract-world.js';

const text = expect.stringMatching(/./) as unknown;
const number = expect.any(Number) as unknown;
const ID_TOKEN = 'http://openid.net/specs/openid-connect-core-1_0.html#IDToken';

/** Requested scopes by name of the resource. */
const requested = new Map<string, readonly string[]>();

const granting: SandboxPolicy = ({ resource, scopes }) => {
  requested.set(resource.name ?? '', scopes);
  return 'grant';
};

const known = ({ claims }: SandboxPolicyRequest) =>
  claims ? 'grant' : { need: { identity: true } };

const POLICIES: SandboxPolicies = {
  '[GET, HEAD] /photo': granting,
  '[PUT] /photo': granting,
  '[GET] /doc': granting,
  '[GET] /modified': granting,
  '[GET] /known': known,
  '[GET] /submitted': () => 'submit',
  '[GET] /closed': () => 'deny',
  '[GET] /photo': granting,
};

const ANY = { rule: { or: [{ var: 0 }, { var: 1 }] }, data: ['view', 'all'] };

function resource(path: string, condition: Partial<UmaCondition> = {}): UmaResource {
  return { path, conditions: [{ httpMethods: ['GET'], scopes: ['view'], ...condition }] };
}

function resourcesOn(name: TransportName): readonly UmaResource[] {
  const expression = { scopes: undefined, scope_expression: ANY };
  return [
    {
      path: '/photo',
      conditions: [
        { httpMethods: ['GET', 'HEAD'], scopes: ['view', 'all'], ticketScopes: ['view'] },
        { httpMethods: ['PUT'], scopes: ['edit'] },
      ],
    },
    resource('/doc', has3_1_1(name) ? { scopes: ANY.data } : expression),
    resource('/known'),
    resource('/submitted'),
    resource('/closed'),
    resource('/modified'),
  ];
}

/** Site of a world as resource server and as client. */
class Uma {
  constructor(
    readonly world: World,
    readonly login: Login,
  ) {}

  get service() {
    return this.world.uma;
  }

  /** Decision without the properties that only embedded returns. */
  // oxlint-disable-next-line max-params -- the parameters of the command
  async check(path: string, http_method: string, rpt?: string, scopes?: readonly string[]) {
    const {
      permissions: _,
      sub: __,
      as_uri: ___,
      ...result
    } = await this.service.checkAccess({
      ...{ path, http_method, scopes },
      ...(rpt !== undefined && { rpt }),
    });
    return result;
  }

  async ticket(path: string, http_method = 'GET'): Promise<string> {
    const { ticket = '' } = await this.check(path, http_method);
    return ticket;
  }

  /** RPT without the properties that only embedded returns. */
  async getRpt(params: UmaRpGetRptParams) {
    const { expires_in: _, ...result } = await this.service.getRpt(params);
    return result;
  }

  async rpt(path: string, http_method = 'GET'): Promise<string> {
    return (await this.getRpt({ ticket: await this.ticket(path, http_method) })).access_token;
  }

  /** Claim token of the user. */
  get claims() {
    return { claim_token: this.login.id_token, claim_token_format: ID_TOKEN };
  }
}

interface Row {
  readonly title: string;
  readonly call: (uma: Uma) => Promise<unknown>;
  readonly result: unknown;
  readonly except?: Exceptions;
}

const failure = (command: string, name = 'OxdCommandError', code = 'OXD_COMMAND_FAILED') => ({
  ...{ name, code },
  command,
});

/** The same difference on several versions of oxd. */
const on3_1 = <T>(other: T) => ({ '3.1.1': other, '3.1.4': other });
const on4 = <T>(other: T) => ({ '4.2': other, '4.5': other });
const onOxd = <T>(other: T) => ({ ...on3_1(other), ...on4(other) });

/** oxd 3.1.1 reports internal_error for each error body with a property beyond those of need_info. */
const masked = {
  '3.1.1': {
    result: failure('uma_rp_get_rpt'),
    because: 'it reports no error body with a further property',
  },
};

const denied = {
  access: 'denied',
  ticket: text,
  'www-authenticate_header': expect.stringMatching(
    /^UMA realm="rs",as_uri="http:\/\/localhost:\d+",error="insufficient_scope",ticket="[^"]+"$/,
  ),
};
const submitted = {
  code: 'UMA_REQUEST_SUBMITTED',
  command: 'uma_rp_get_rpt',
  ticket: text,
};
const granted = { access: 'granted' };
const rpt = { access_token: text, token_type: 'Bearer', upgraded: false };

const CHECKS: readonly Row[] = [
  {
    title: 'denies a request without an RPT, with a ticket',
    call: (uma) => uma.check('/photo', 'GET'),
    result: denied,
  },
  {
    title: 'denies a request with a blank RPT',
    call: (uma) => uma.check('/photo', 'GET', ''),
    result: denied,
  },
  {
    title: 'returns the same ticket in the challenge',
    call: async (uma) => {
      const { ticket = '', 'www-authenticate_header': header } = await uma.check('/photo', 'GET');
      return header?.includes(`ticket="${ticket}"`);
    },
    result: true,
  },
  {
    title: 'grants a request with an RPT',
    call: async (uma) => uma.check('/photo', 'GET', await uma.rpt('/photo')),
    result: granted,
  },
  {
    title: 'grants a request for each method of a condition',
    call: async (uma) => uma.check('/photo', 'HEAD', await uma.rpt('/photo')),
    result: granted,
  },
  {
    title: 'ignores the case of a method',
    call: async (uma) => uma.check('/photo', 'get', await uma.rpt('/photo')),
    result: granted,
  },
  {
    title: 'distinguishes the case of a path',
    call: async (uma) => uma.check('/PHOTO', 'GET', await uma.rpt('/photo')),
    result: failure('uma_rs_check_access'),
    except: onOxd({ result: granted, because: 'it ignores the case of a path' }),
  },
  {
    title: 'grants a request by an expression',
    call: async (uma) => uma.check('/doc', 'GET', await uma.rpt('/doc')),
    result: granted,
  },
  {
    title: 'denies a request with an unknown RPT',
    call: (uma) => uma.check('/photo', 'GET', 'no-such-rpt'),
    result: denied,
  },
  {
    title: 'denies a request with an RPT for another resource',
    call: async (uma) => uma.check('/photo', 'GET', await uma.rpt('/doc')),
    result: denied,
  },
  {
    title: 'denies a request with an RPT for another method',
    call: async (uma) => uma.check('/photo', 'PUT', await uma.rpt('/photo')),
    result: denied,
  },
  {
    title: 'denies a request with an ordinary access token',
    call: (uma) => uma.check('/photo', 'GET', uma.login.access_token),
    result: denied,
  },
  ...(
    [
      ['an unprotected path', '/none', 'GET'],
      ['a path with a trailing slash', '/photo/', 'GET'],
      ['a path with a query', '/photo?x=1', 'GET'],
      ['an unprotected method', '/photo', 'DELETE'],
      ['a blank path', '', 'GET'],
      ['a blank method', '/photo', ''],
    ] as const
  ).map(([what, path, method]) => ({
    title: `makes no decision on ${what}`,
    call: (uma: Uma) => uma.check(path, method),
    result: failure('uma_rs_check_access'),
  })),
  {
    title: 'decides by the scopes of the command',
    call: (uma) => uma.check('/photo', 'GET', undefined, ['all']),
    result: denied,
    except: on3_1(unsupported('uma_rs_check_access', 'it has no scopes')),
  },
  {
    title: 'requests ticketScopes with a ticket',
    call: async (uma) => {
      await uma.rpt('/photo');
      return requested.get('[GET, HEAD] /photo');
    },
    result: ['view'],
  },
  {
    title: 'requests all scopes of an expression with a ticket',
    call: async (uma) => {
      await uma.rpt('/doc');
      return requested.get('[GET] /doc');
    },
    result: ['view', 'all'],
  },
  {
    title: 'requires modified scopes',
    call: async (uma) => {
      const before = await uma.rpt('/modified');
      const resource = { path: '/modified', http_method: 'GET' };
      await uma.service.modify({ ...resource, scopes: ['edit'] });
      const after = await uma.check('/modified', 'GET', await uma.rpt('/modified'));
      const { access } = await uma.check('/modified', 'GET', before);
      return [access, after, requested.get('[GET] /modified')];
    },
    result: ['denied', granted, ['edit']],
    except: on3_1(unsupported('uma_rs_modify', 'it has no such command')),
  },
  {
    title: 'modifies no resource that is not protected',
    call: (uma) => uma.service.modify({ path: '/none', http_method: 'GET', scopes: ['edit'] }),
    result: failure('uma_rs_modify'),
    except: on3_1(unsupported('uma_rs_modify', 'it has no such command')),
  },
];

const GRANTS: readonly Row[] = [
  {
    title: 'exchanges a ticket for an RPT',
    call: async (uma) => uma.getRpt({ ticket: await uma.ticket('/photo') }),
    result: rpt,
  },
  {
    title: 'ignores the state of a request for an RPT',
    call: async (uma) => uma.getRpt({ ticket: await uma.ticket('/photo'), state: 'any' }),
    result: rpt,
  },
  {
    title: 'returns the lifetime of an RPT',
    call: async (uma) => uma.service.getRpt({ ticket: await uma.ticket('/photo') }),
    result: { ...rpt, expires_in: number },
    except: onOxd({ result: rpt, because: 'it returns none' }),
  },
  {
    title: 'exchanges no ticket twice',
    call: async (uma) => {
      const ticket = await uma.ticket('/photo');
      await uma.getRpt({ ticket });
      return uma.getRpt({ ticket });
    },
    result: failure('uma_rp_get_rpt', 'InvalidTicketError', 'UMA_INVALID_TICKET'),
    except: masked,
  },
  {
    title: 'exchanges no ticket that was never issued',
    call: (uma) => uma.getRpt({ ticket: 'no-such-ticket' }),
    result: failure('uma_rp_get_rpt', 'InvalidTicketError', 'UMA_INVALID_TICKET'),
    except: masked,
  },
  {
    title: 'exchanges no blank ticket',
    call: (uma) => uma.getRpt({ ticket: '' }),
    result: failure('uma_rp_get_rpt'),
  },
  {
    title: 'reports the claims that the authorization server requires',
    call: async (uma) => {
      const error = await errorOf(uma.getRpt({ ticket: await uma.ticket('/known') }));
      if (!(error instanceof NeedInfoError)) return outcomeOf(Promise.reject(error));
      const { code, command, ticket, required_claims, redirect_user } = error;
      return { code, command, ticket, required_claims, redirect_user };
    },
    result: {
      code: 'UMA_NEED_INFO',
      command: 'uma_rp_get_rpt',
      ticket: text,
      required_claims: [expect.objectContaining({ claim_token_format: [ID_TOKEN] })],
      redirect_user: text,
    },
  },
  {
    title: 'exchanges the ticket of need_info',
    call: async (uma) => {
      const error = await errorOf(uma.getRpt({ ticket: await uma.ticket('/known') }));
      if (!(error instanceof NeedInfoError)) return outcomeOf(Promise.reject(error));
      return uma.getRpt({ ticket: error.ticket, ...uma.claims });
    },
    result: { ...rpt, pct: text },
  },
  {
    title: 'exchanges a claim token and then its PCT',
    call: async (uma) => {
      const first = await uma.getRpt({ ticket: await uma.ticket('/known'), ...uma.claims });
      const { pct } = first;
      const second = await uma.getRpt({ ticket: await uma.ticket('/known'), pct });
      return [first, second, await uma.check('/known', 'GET', second.access_token)];
    },
    result: [{ ...rpt, pct: text }, { ...rpt, pct: text }, granted],
  },
  {
    title: 'sends no claim token without its format',
    call: async (uma) =>
      uma.getRpt({ ticket: await uma.ticket('/known'), claim_token: uma.login.id_token }),
    result: failure('uma_rp_get_rpt'),
  },
  {
    title: 'rejects an invalid claim token',
    call: async (uma) => {
      const ticket = await uma.ticket('/known');
      return uma.getRpt({ ...uma.claims, ticket, claim_token: 'no.id.token' });
    },
    result: failure('uma_rp_get_rpt'),
  },
  {
    title: 'upgrades an RPT',
    call: async (uma) => {
      const old = await uma.rpt('/photo', 'GET');
      const more = await uma.getRpt({ ticket: await uma.ticket('/photo', 'PUT'), rpt: old });
      const { access_token } = more;
      const [get, put] = [
        await uma.check('/photo', 'GET', access_token),
        await uma.check('/photo', 'PUT', access_token),
      ];
      return [more, get, put];
    },
    result: [{ ...rpt, upgraded: true }, granted, granted],
  },
  {
    title: 'requests scopes beyond those of the ticket',
    call: async (uma) => {
      await uma.getRpt({ ticket: await uma.ticket('/photo'), scope: ['view', 'all'] });
      return requested.get('[GET, HEAD] /photo');
    },
    result: ['view', 'all'],
  },
  {
    title: 'sends further parameters',
    call: async (uma) => {
      const params = { subject_token: uma.login.access_token };
      return uma.getRpt({ ticket: await uma.ticket('/known'), params });
    },
    result: { ...rpt, pct: text },
    except: on3_1(unsupported('uma_rp_get_rpt', 'it has no params')),
  },
  {
    title: 'reports that the request was submitted to the resource owner',
    call: async (uma) => {
      const error = await errorOf(uma.getRpt({ ticket: await uma.ticket('/submitted') }));
      if (!(error instanceof RequestSubmittedError)) return outcomeOf(Promise.reject(error));
      const { code, command, ticket, interval } = error;
      return { code, command, ticket, interval };
    },
    result: { ...submitted, interval: 5 },
    except: {
      ...masked,
      ...on4({ result: { ...submitted, interval: undefined }, because: 'it drops the interval' }),
    },
  },
  {
    title: 'reports that the request was denied',
    call: async (uma) => uma.getRpt({ ticket: await uma.ticket('/closed') }),
    result: failure('uma_rp_get_rpt', 'RequestDeniedError', 'UMA_REQUEST_DENIED'),
  },
];

const CLAIMS_URLS: readonly Row[] = [
  {
    title: 'returns a claims-gathering URL with correctly encoded parameters',
    call: async (uma) => {
      const ticket = 'a b&c=d#e+f%20€😀';
      const { url, state } = await uma.service.getClaimsGatheringUrl({
        ticket,
        claims_redirect_uri: CLAIMS,
      });
      registerSecret(state);
      const { origin, searchParams } = new URL(url);
      const { client_id, ...query } = Object.fromEntries(searchParams);
      const isAtServer = origin === new URL(uma.world.sandbox.issuer).origin;
      const isState = query.state === state;
      return { ...query, state: isState, client_id, isAtServer };
    },
    result: {
      ticket: 'a b&c=d#e+f%20€😀',
      claims_redirect_uri: CLAIMS,
      state: true,
      client_id: text,
      isAtServer: true,
    },
  },
  {
    title: 'generates another state for each claims-gathering URL',
    call: async (uma) => {
      const params = { ticket: 'a-ticket', claims_redirect_uri: CLAIMS };
      const one = await uma.service.getClaimsGatheringUrl(params);
      const other = await uma.service.getClaimsGatheringUrl(params);
      return one.state === other.state;
    },
    result: false,
  },
  ...(
    [
      ['a ticket', { ticket: ' ', claims_redirect_uri: CLAIMS }],
      ['a redirect URI', { ticket: 'a-ticket', claims_redirect_uri: '' }],
      ['an absolute redirect URI', { ticket: 'a-ticket', claims_redirect_uri: '/claims' }],
      [
        'a redirect URI without a fragment',
        { ticket: 'a-ticket', claims_redirect_uri: `${CLAIMS}#x` },
      ],
    ] as const
  ).map(([what, params]) => ({
    title: `returns no claims-gathering URL without ${what}`,
    call: (uma: Uma) => uma.service.getClaimsGatheringUrl(params),
    result: failure('uma_rp_get_claims_gathering_url'),
  })),
  {
    title: 'returns a claims-gathering URL with the state of the caller',
    call: async (uma) => {
      const params = { ticket: 'a-ticket', claims_redirect_uri: CLAIMS, state: 'own' };
      return (await uma.service.getClaimsGatheringUrl(params)).state;
    },
    result: 'own',
    except: on3_1(unsupported('uma_rp_get_claims_gathering_url', 'it generates the state')),
  },
];

const INTROSPECTIONS: readonly Row[] = [
  {
    title: 'introspects an RPT',
    call: async (uma) => uma.service.introspectRpt({ rpt: await uma.rpt('/photo') }),
    result: {
      active: true,
      client_id: text,
      iss: text,
      aud: text,
      exp: number,
      iat: number,
      permissions: [{ resource_id: text, resource_scopes: ['view'], exp: number }],
    },
    except: { '3.1.1': unsupported('introspect_rpt', 'it has no such command') },
  },
  {
    title: 'introspects an unknown RPT as inactive',
    call: (uma) => uma.service.introspectRpt({ rpt: 'no-such-rpt' }),
    result: { active: false },
    except: { '3.1.1': unsupported('introspect_rpt', 'it has no such command') },
  },
];

const done = { oxd_id: text };

const rejectedAgain = {
  result: failure('uma_rs_protect'),
  because: 'it rejects a second call without overwrite: uma_protection_exists',
};

/** Rows that run after the others, because they change the protected resources. */
const PROTECTIONS: readonly Row[] = [
  ...(
    [
      ['an empty list', []],
      ['a resource without conditions', [{ path: '/a' } as unknown as UmaResource]],
      ['a condition without scopes', [resource('/a', { scopes: undefined })]],
      ['a condition without methods', [resource('/a', { httpMethods: undefined })]],
    ] as const
  ).map(([what, resources]) => ({
    title: `rejects resources with ${what}`,
    call: (uma: Uma) => uma.service.protect({ resources }),
    result: failure('uma_rs_protect'),
  })),
  {
    title: 'rejects a resource with the same method twice',
    call: (uma) => uma.service.protect({ resources: [resource('/twice'), resource('/twice')] }),
    result: failure('uma_rs_protect'),
    except: { '3.1.1': { result: done, because: 'it uses the first' } },
  },
  {
    title: 'rejects an expression without scopes',
    call: (uma) => {
      const scope_expression = { ...ANY, data: [] };
      const condition = { scopes: undefined, scope_expression };
      return uma.service.protect({ resources: [resource('/e', condition)] });
    },
    result: failure('uma_rs_protect'),
    except: { '3.1.1': unsupported('uma_rs_protect', 'it has no scope_expression') },
  },
  {
    title: 'protects the same resource again',
    call: (uma) => uma.service.protect({ resources: [resource('/known')] }),
    result: done,
    except: { '3.1.4': rejectedAgain, ...on4(rejectedAgain) },
  },
  {
    title: 'replaces the protected resources',
    call: (uma) => uma.service.protect({ resources: [resource('/photo')], overwrite: true }),
    result: done,
    except: { '3.1.1': unsupported('uma_rs_protect', 'it has no overwrite') },
  },
  {
    title: 'grants a request for a new resource',
    call: async (uma) => uma.check('/photo', 'GET', await uma.rpt('/photo')),
    result: granted,
  },
  {
    title: 'makes no decision on a resource that is no longer protected',
    call: (uma) => uma.check('/known', 'GET'),
    result: failure('uma_rs_check_access'),
    except: { '3.1.1': { result: denied, because: 'it has no overwrite' } },
  },
];

/** Rows that run last, after the authorization server is closed. */
const OUTAGES: readonly Row[] = [
  {
    title: 'protects no resource',
    call: (uma) => uma.service.protect({ resources: [resource('/new')] }),
    result: failure('uma_rs_protect'),
  },
  {
    title: 'makes no decision without an RPT',
    call: (uma) => uma.check('/photo', 'GET'),
    result: failure('uma_rs_check_access'),
  },
  {
    title: 'makes no decision with an RPT',
    call: (uma) => uma.check('/photo', 'GET', 'any-rpt'),
    result: failure('uma_rs_check_access'),
  },
  {
    title: 'exchanges no ticket',
    call: (uma) => uma.getRpt({ ticket: 'any-ticket' }),
    result: failure('uma_rp_get_rpt'),
  },
  {
    title: 'introspects no RPT',
    call: (uma) => uma.service.introspectRpt({ rpt: 'any-rpt' }),
    result: failure('introspect_rpt'),
    except: { '3.1.1': unsupported('introspect_rpt', 'it has no such command') },
  },
  {
    title: 'still returns claims-gathering URLs',
    call: async (uma) => {
      const params = { ticket: 'a-ticket', claims_redirect_uri: CLAIMS };
      return Object.keys(await uma.service.getClaimsGatheringUrl(params)).sort();
    },
    result: ['state', 'url'],
    except: {
      protected: {
        result: failure('uma_rp_get_claims_gathering_url'),
        because: 'it introspects the protection token at the provider',
      },
    },
  },
];

describe.each(TRANSPORTS)('UMA on %s', (name) => {
  let uma: Uma;
  beforeAll(async () => {
    const world = await World.create(name, { policies: POLICIES });
    uma = new Uma(world, await world.logIn());
  });
  afterAll(() => uma.world.close());

  it('protects resources', async () => {
    expect(await uma.service.protect({ resources: resourcesOn(name) })).toStrictEqual(done);
  });

  it('rejects an expression if the version has none', async () => {
    const resources = [resource('/e', { scopes: undefined, scope_expression: ANY })];
    const outcome = has3_1_1(name) && (await outcomeOf(uma.service.protect({ resources })));
    const { result } = unsupported('uma_rs_protect', 'it has no scope_expression');
    expect(outcome).toStrictEqual(has3_1_1(name) && result);
  });

  const rows = [...CHECKS, ...GRANTS, ...CLAIMS_URLS, ...INTROSPECTIONS, ...PROTECTIONS];
  it.each(titled(rows))('%s', async (_title, row) => {
    expect(await outcomeOf(row.call(uma))).toStrictEqual(expectedOn(name, row));
  });

  describe('while the authorization server is down', () => {
    beforeAll(() => uma.world.sandbox.close());

    it.each(titled(OUTAGES))('%s', async (_title, row) => {
      expect(await outcomeOf(row.call(uma))).toStrictEqual(expectedOn(name, row));
    });
  });
});

/** Responses with properties of need_info only: up to 3.1.3 oxd does not report any other. */
const BARE: readonly [status: number, body: object, outcome: object][] = [
  [
    403,
    {
      error: 'need_info',
      ticket: 'the-next-ticket',
      required_claims: [{ name: 'email', claim_token_format: [ID_TOKEN] }],
      redirect_user: 'https://as.example/gather',
    },
    {
      ...{ name: 'NeedInfoError', code: 'UMA_NEED_INFO', error: 'need_info' },
      ticket: 'the-next-ticket',
      required_claims: [{ name: 'email', claim_token_format: [ID_TOKEN] }],
      redirect_user: 'https://as.example/gather',
    },
  ],
  [
    403,
    { error: 'request_submitted', ticket: 'the-next-ticket' },
    {
      ...{ name: 'RequestSubmittedError', code: 'UMA_REQUEST_SUBMITTED' },
      ...{ error: 'request_submitted', ticket: 'the-next-ticket' },
    },
  ],
  ...['request_denied', 'access_denied', 'forbidden_by_policy'].map(
    (error): [number, object, object] => [
      403,
      { error },
      { name: 'RequestDeniedError', code: 'UMA_REQUEST_DENIED', error },
    ],
  ),
  ...['invalid_grant', 'invalid_ticket'].map((error): [number, object, object] => [
    400,
    { error },
    { name: 'InvalidTicketError', code: 'UMA_INVALID_TICKET', error },
  ]),
  ...['invalid_scope', 'invalid_request'].map((error): [number, object, object] => [
    400,
    { error },
    { name: 'OxdCommandError', code: 'OXD_COMMAND_FAILED', error },
  ]),
];

/** Peers whose authorization server may be one that issues no protection tokens. */
const UNPROTECTED = TRANSPORTS.filter((name) => !/extension|protected/.test(name));

describe.each(UNPROTECTED)('an error response without description on %s', (name) => {
  let as: FakeAs;
  let on: Awaited<ReturnType<typeof moduleOn>>;
  beforeAll(async () => {
    as = await FakeAs.start();
    on = await moduleOn(name, as.issuer);
  });
  afterAll(async () => {
    await on.module.close();
    await on.server?.close();
    await as.close();
  });

  const responses = BARE.map(([status, json, outcome]) => {
    const { error } = json as { readonly error: string };
    return { name: `${error} with status ${status}`, status, json, outcome };
  });

  it.each(responses)('of $name is converted', async ({ status, json, outcome }) => {
    as.on('umatoken', { status, json });
    const error = await errorOf(on.module.get(UmaService).getRpt({ ticket: 'a-ticket' }));
    expect(error).toMatchObject({ ...outcome, command: 'uma_rp_get_rpt' });
  });
});

function titled(rows: readonly Row[]): [string, Row][] {
  return rows.map((row) => [row.title, row]);
}

/** True for oxd 3.1.1, which has no scope_expression. */
function has3_1_1(name: TransportName): boolean {
  return traitsOf(name).includes('3.1.1');
}

async function errorOf(work: Promise<unknown>): Promise<OxdCommandError> {
  const outcome = await work.catch((error: unknown) => error);
  if (outcome instanceof OxdCommandError) return outcome;
  throw new Error('The command did not fail.');
}
