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
import {
  CLAIMS,
  type Login,
  moduleOn,
  outcomeOf,
  TRANSPORTS,
  type TransportName,
  World,
} from '../support/contract-world.js';

const text = expect.stringMatching(/./) as unknown;
const number = expect.any(Number) as unknown;
const ID_TOKEN = 'http://openid.net/specs/openid-connect-core-1_0.html#IDToken';

/** What was asked for, by name of the resource. */
const asked = new Map<string, readonly string[]>();

const granting: SandboxPolicy = ({ resource, scopes }) => {
  asked.set(resource.name ?? '', scopes);
  return 'grant';
};

const known = ({ claims }: SandboxPolicyRequest) =>
  claims ? 'grant' : { need: { identity: true } };

const POLICIES: SandboxPolicies = {
  '[GET, HEAD] /photo': granting,
  '[PUT] /photo': granting,
  '[GET] /doc': granting,
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
    resource('/doc', name === '3.1.1' ? { scopes: ANY.data } : expression),
    resource('/known'),
    resource('/submitted'),
    resource('/closed'),
  ];
}

/** The site of a world as resource server and as client. */
class Uma {
  constructor(
    readonly world: World,
    readonly login: Login,
  ) {}

  get service() {
    return this.world.uma;
  }

  /** The decision, without what embedded alone tells. */
  async check(path: string, http_method: string, rpt?: string) {
    const {
      permissions: _,
      sub: __,
      ...result
    } = await this.service.checkAccess({
      ...{ path, http_method },
      ...(rpt !== undefined && { rpt }),
    });
    return result;
  }

  async ticket(path: string, http_method = 'GET'): Promise<string> {
    const { ticket = '' } = await this.check(path, http_method);
    return ticket;
  }

  /** The RPT, without what embedded alone tells. */
  async getRpt(params: UmaRpGetRptParams) {
    const { expires_in: _, ...result } = await this.service.getRpt(params);
    return result;
  }

  async rpt(path: string, http_method = 'GET'): Promise<string> {
    return (await this.getRpt({ ticket: await this.ticket(path, http_method) })).access_token;
  }

  /** What the user shows of itself. */
  get claims() {
    return { claim_token: this.login.id_token, claim_token_format: ID_TOKEN };
  }
}

interface Row {
  readonly title: string;
  readonly call: (uma: Uma) => Promise<unknown>;
  readonly result: unknown;
  /** What it is elsewhere, and why. */
  readonly except?: Readonly<
    Partial<Record<TransportName, { readonly result: unknown; readonly because: string }>>
  >;
}

const refused = (command: string, name = 'OxdCommandError', code = 'OXD_COMMAND_FAILED') => ({
  ...{ name, code },
  command,
});

/** The version lacks it: nothing was sent. */
const unsupported = (command: string, because: string) => ({
  because,
  result: refused(command, 'OxdCommandError', 'OXD_COMMAND_UNSUPPORTED'),
});

const on3_1_4 = <T>(other: T) => ({ '3.1.4': other, '3.1.4 protected': other });
const onOxd = <T>(other: T) => ({ ...on3_1_4(other), '3.1.1': other });

/** oxd 3.1.1 reports internal_error for each error body with a property beyond those of need_info. */
const masked = {
  '3.1.1': {
    result: refused('uma_rp_get_rpt'),
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
    title: 'names the same ticket in the challenge',
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
    title: 'takes no notice of upper and lower case in a method',
    call: async (uma) => uma.check('/photo', 'get', await uma.rpt('/photo')),
    result: granted,
  },
  {
    title: 'takes a path in another case for another one',
    call: async (uma) => uma.check('/PHOTO', 'GET', await uma.rpt('/photo')),
    result: refused('uma_rs_check_access'),
    except: onOxd({ result: granted, because: 'it takes no notice of the case of a path' }),
  },
  {
    title: 'grants what an expression grants',
    call: async (uma) => uma.check('/doc', 'GET', await uma.rpt('/doc')),
    result: granted,
  },
  {
    title: 'denies a request with a dead RPT',
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
      ['a path that is not protected', '/none', 'GET'],
      ['a path with a slash more', '/photo/', 'GET'],
      ['a path with a query', '/photo?x=1', 'GET'],
      ['a method that is not protected', '/photo', 'DELETE'],
      ['a blank path', '', 'GET'],
      ['a blank method', '/photo', ''],
    ] as const
  ).map(([what, path, method]) => ({
    title: `decides nothing on ${what}`,
    call: (uma: Uma) => uma.check(path, method),
    result: refused('uma_rs_check_access'),
  })),
  {
    title: 'decides on the scopes of the request',
    call: (uma) => uma.service.checkAccess({ path: '/photo', http_method: 'GET', scopes: ['all'] }),
    result: denied,
    except: onOxd(unsupported('uma_rs_check_access', 'it has no scopes')),
  },
  {
    title: 'asks with a ticket for the ticketScopes',
    call: async (uma) => {
      await uma.rpt('/photo');
      return asked.get('[GET, HEAD] /photo');
    },
    result: ['view'],
  },
  {
    title: 'asks with a ticket for all scopes of an expression',
    call: async (uma) => {
      await uma.rpt('/doc');
      return asked.get('[GET] /doc');
    },
    result: ['view', 'all'],
  },
];

const GRANTS: readonly Row[] = [
  {
    title: 'exchanges a ticket for an RPT',
    call: async (uma) => uma.getRpt({ ticket: await uma.ticket('/photo') }),
    result: rpt,
  },
  {
    title: 'tells how long an RPT is good',
    call: async (uma) => uma.service.getRpt({ ticket: await uma.ticket('/photo') }),
    result: { ...rpt, expires_in: number },
    except: onOxd({ result: rpt, because: 'it does not tell' }),
  },
  {
    title: 'exchanges no ticket twice',
    call: async (uma) => {
      const ticket = await uma.ticket('/photo');
      await uma.getRpt({ ticket });
      return uma.getRpt({ ticket });
    },
    result: refused('uma_rp_get_rpt', 'InvalidTicketError', 'UMA_INVALID_TICKET'),
    except: masked,
  },
  {
    title: 'exchanges no ticket that was never issued',
    call: (uma) => uma.getRpt({ ticket: 'no-such-ticket' }),
    result: refused('uma_rp_get_rpt', 'InvalidTicketError', 'UMA_INVALID_TICKET'),
    except: masked,
  },
  {
    title: 'exchanges no blank ticket',
    call: (uma) => uma.getRpt({ ticket: '' }),
    result: refused('uma_rp_get_rpt'),
  },
  {
    title: 'tells what the authorization server needs to know',
    call: async (uma) => {
      const error = await refusalOf(uma.getRpt({ ticket: await uma.ticket('/known') }));
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
    title: 'goes on with the ticket of need_info',
    call: async (uma) => {
      const error = await refusalOf(uma.getRpt({ ticket: await uma.ticket('/known') }));
      if (!(error instanceof NeedInfoError)) return outcomeOf(Promise.reject(error));
      return uma.getRpt({ ticket: error.ticket, ...uma.claims });
    },
    result: { ...rpt, pct: text },
  },
  {
    title: 'sends a claim token, and is given a PCT that is as good next time',
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
    result: refused('uma_rp_get_rpt'),
  },
  {
    title: 'sends no claim token that is not good as good',
    call: async (uma) => {
      const ticket = await uma.ticket('/known');
      return uma.getRpt({ ...uma.claims, ticket, claim_token: 'no.id.token' });
    },
    result: refused('uma_rp_get_rpt'),
  },
  {
    title: 'adds to an RPT',
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
    title: 'asks for scopes beyond those of the ticket',
    call: async (uma) => {
      await uma.getRpt({ ticket: await uma.ticket('/photo'), scope: ['view', 'all'] });
      return asked.get('[GET, HEAD] /photo');
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
    except: onOxd(unsupported('uma_rp_get_rpt', 'it has no params')),
  },
  {
    title: 'says that the owner was asked',
    call: async (uma) => {
      const error = await refusalOf(uma.getRpt({ ticket: await uma.ticket('/submitted') }));
      if (!(error instanceof RequestSubmittedError)) return outcomeOf(Promise.reject(error));
      const { code, command, ticket, interval } = error;
      return { code, command, ticket, interval };
    },
    result: {
      code: 'UMA_REQUEST_SUBMITTED',
      command: 'uma_rp_get_rpt',
      ticket: text,
      interval: 5,
    },
    except: masked,
  },
  {
    title: 'says that the request was denied',
    call: async (uma) => uma.getRpt({ ticket: await uma.ticket('/closed') }),
    result: refused('uma_rp_get_rpt', 'RequestDeniedError', 'UMA_REQUEST_DENIED'),
  },
];

const CLAIMS_URLS: readonly Row[] = [
  {
    title: 'makes a claims-gathering URL in which every part arrives whole',
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
    title: 'makes another state for each',
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
    title: `makes no claims-gathering URL without ${what}`,
    call: (uma: Uma) => uma.service.getClaimsGatheringUrl(params),
    result: refused('uma_rp_get_claims_gathering_url'),
  })),
  {
    title: 'makes a claims-gathering URL with a state that was given',
    call: async (uma) => {
      const params = { ticket: 'a-ticket', claims_redirect_uri: CLAIMS, state: 'own' };
      return (await uma.service.getClaimsGatheringUrl(params)).state;
    },
    result: 'own',
    except: onOxd(unsupported('uma_rp_get_claims_gathering_url', 'it makes its own')),
  },
];

const INTROSPECTIONS: readonly Row[] = [
  {
    title: 'says what an RPT is good for',
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
    title: 'says of an RPT that is not good nothing but that',
    call: (uma) => uma.service.introspectRpt({ rpt: 'no-such-rpt' }),
    result: { active: false },
    except: { '3.1.1': unsupported('introspect_rpt', 'it has no such command') },
  },
];

const done = { oxd_id: text };

/** Last, for they change what is protected. */
const PROTECTIONS: readonly Row[] = [
  ...(
    [
      ['nothing', []],
      ['a resource without conditions', [{ path: '/a' } as unknown as UmaResource]],
      ['a condition without scopes', [resource('/a', { scopes: undefined })]],
      ['a condition without methods', [resource('/a', { httpMethods: undefined })]],
    ] as const
  ).map(([what, resources]) => ({
    title: `protects no ${what}`,
    call: (uma: Uma) => uma.service.protect({ resources }),
    result: refused('uma_rs_protect'),
  })),
  {
    title: 'protects no method twice',
    call: (uma) => uma.service.protect({ resources: [resource('/twice'), resource('/twice')] }),
    result: refused('uma_rs_protect'),
    except: { '3.1.1': { result: done, because: 'it takes the first' } },
  },
  {
    title: 'protects nothing with an expression that has no scopes',
    call: (uma) => {
      const scope_expression = { ...ANY, data: [] };
      const condition = { scopes: undefined, scope_expression };
      return uma.service.protect({ resources: [resource('/e', condition)] });
    },
    result: refused('uma_rs_protect'),
    except: { '3.1.1': unsupported('uma_rs_protect', 'it has no scope_expression') },
  },
  {
    title: 'protects the same again',
    call: (uma) => uma.service.protect({ resources: [resource('/known')] }),
    result: done,
    except: on3_1_4({
      result: refused('uma_rs_protect'),
      because: 'it refuses a second call without overwrite: uma_protection_exists',
    }),
  },
  {
    title: 'protects something else instead',
    call: (uma) => uma.service.protect({ resources: [resource('/photo')], overwrite: true }),
    result: done,
    except: { '3.1.1': unsupported('uma_rs_protect', 'it has no overwrite') },
  },
  {
    title: 'grants what is protected instead',
    call: async (uma) => uma.check('/photo', 'GET', await uma.rpt('/photo')),
    result: granted,
  },
  {
    title: 'decides nothing on what is protected no longer',
    call: (uma) => uma.check('/known', 'GET'),
    result: refused('uma_rs_check_access'),
    except: { '3.1.1': { result: denied, because: 'it has no overwrite' } },
  },
];

/** Last of all, for the authorization server does not come back. */
const OUTAGES: readonly Row[] = [
  {
    title: 'protects nothing',
    call: (uma) => uma.service.protect({ resources: [resource('/new')] }),
    result: refused('uma_rs_protect'),
  },
  {
    title: 'decides nothing without an RPT',
    call: (uma) => uma.check('/photo', 'GET'),
    result: refused('uma_rs_check_access'),
  },
  {
    title: 'decides nothing with an RPT',
    call: (uma) => uma.check('/photo', 'GET', 'any-rpt'),
    result: refused('uma_rs_check_access'),
  },
  {
    title: 'exchanges no ticket',
    call: (uma) => uma.getRpt({ ticket: 'any-ticket' }),
    result: refused('uma_rp_get_rpt'),
  },
  {
    title: 'says of no RPT whether it is good',
    call: (uma) => uma.service.introspectRpt({ rpt: 'any-rpt' }),
    result: refused('introspect_rpt'),
    except: { '3.1.1': unsupported('introspect_rpt', 'it has no such command') },
  },
  {
    title: 'still makes claims-gathering URLs',
    call: async (uma) => {
      const params = { ticket: 'a-ticket', claims_redirect_uri: CLAIMS };
      return Object.keys(await uma.service.getClaimsGatheringUrl(params)).sort();
    },
    result: ['state', 'url'],
    except: {
      '3.1.4 protected': {
        result: refused('uma_rp_get_claims_gathering_url'),
        because: 'it asks the provider about the protection token',
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

  it('protects nothing with an expression where there are none', async () => {
    const resources = [resource('/e', { scopes: undefined, scope_expression: ANY })];
    const outcome = name === '3.1.1' && (await outcomeOf(uma.service.protect({ resources })));
    const { result } = unsupported('uma_rs_protect', 'it has no scope_expression');
    expect(outcome).toStrictEqual(name === '3.1.1' && result);
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

/** Up to 3.1.3 oxd tells no answer with another member: each has those of need_info alone. */
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

describe.each(['embedded', '3.1.4', '3.1.1'] as const)('a bare refusal on %s', (name) => {
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

  it.each(BARE)('%i %j', async (status, json, outcome) => {
    as.on('umatoken', { status, json });
    const error = await refusalOf(on.module.get(UmaService).getRpt({ ticket: 'a-ticket' }));
    expect(error).toMatchObject({ ...outcome, command: 'uma_rp_get_rpt' });
  });
});

function titled(rows: readonly Row[]): [string, Row][] {
  return rows.map((row) => [row.title, row]);
}

function expectedOn(name: TransportName, { result, except }: Row): unknown {
  return except?.[name] ? except[name].result : result;
}

async function refusalOf(work: Promise<unknown>): Promise<OxdCommandError> {
  const outcome = await work.catch((error: unknown) => error);
  if (outcome instanceof OxdCommandError) return outcome;
  throw new Error('It was not refused.');
}
