import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  MemoryStore,
  OidcService,
  UmaGuard,
  UmaProtected,
  type OxdModuleOptions,
} from '../../lib/index.js';
import { startSandbox, type Sandbox } from '../../lib/sandbox/sandbox.js';
import { OxdServer, type OxdServerOptions } from '../../lib/testing/testing.js';
import { closing } from '../support/closing.js';
import { registerSecret } from '../support/secrets.js';
import { eventually, SITE, startUmaApp, type UmaApp } from '../support/uma-app.js';

@Controller('albums')
@UseGuards(UmaGuard)
class Albums {
  @Get()
  @UmaProtected({ scopes: ['view'] })
  list() {
    return { ran: 'list' };
  }
}

const { authorization_redirect_uri } = SITE;
const EMBEDDED = { type: 'embedded', allowInsecureRequests: true } as const;

let sandbox: Sandbox;
/** Store of the application, which all its starts share. */
let store: MemoryStore;
/** Database of oxd. */
let database: MemoryStore;

beforeAll(async () => {
  const silent = { port: 0, clientsFile: false, quiet: true } as const;
  sandbox = await startSandbox({ ...silent, onSecret: registerSecret });
});
beforeEach(() => {
  store = new MemoryStore();
  database = new MemoryStore();
});
afterAll(() => sandbox.close());

type Transport = OxdModuleOptions['transport'];

/** Starts an oxd on the database and returns the transport to it. */
async function oxd(options: OxdServerOptions): Promise<Transport> {
  const server = await OxdServer.start({
    ...{ store: database, allowInsecureRequests: true, onSecret: registerSecret },
    ...options,
  });
  closing(server);
  const { version = '3.1.4', extension } = options;
  if (version < '4' && !extension) return { type: 'socket', port: server.port, version: '3.1.4' };
  return { type: 'https', url: server.url, ca: server.ca, version };
}

async function start(
  transport: Transport,
  site: Partial<OxdModuleOptions['site']> = {},
): Promise<UmaApp> {
  const scope = ['openid', 'uma_protection'];
  const grant_types = ['authorization_code', 'client_credentials'];
  const own = { op_host: sandbox.issuer, authorization_redirect_uri, scope, grant_types };
  const options = { site: { ...own, ...site }, store, transport, eager: true };
  return closing(await startUmaApp({ controllers: [Albums], options }));
}

async function clientOf({ app }: UmaApp): Promise<string | null> {
  const { authorization_url } = await app.get(OidcService).getAuthorizationUrl();
  return new URL(authorization_url).searchParams.get('client_id');
}

const NO_LONGER_KNOWN = 'The site is no longer known';

describe('An application that moves from one oxd to another', () => {
  it.each([
    { name: 'keeps its client at an oxd that requires tokens', protectCommands: true },
    { name: 'gets another client at an oxd that requires none', protectCommands: false },
  ])('from the socket to the extension $name', async ({ protectCommands }) => {
    const before = await clientOf(await start(await oxd({ protectCommands })));
    const app = await start(await oxd({ protectCommands, extension: true }));
    const after = await clientOf(app);
    expect(after === before).toBe(protectCommands);
  });

  it('to 4.2 registers the site and its resources again at the first request', async () => {
    const before = await clientOf(await start(await oxd({ protectCommands: true })));
    database = new MemoryStore();
    const app = await start(await oxd({ version: '4.2', protectCommands: true }));
    expect(await app.ask('/albums')).toMatchObject({ status: 503 });
    await eventually(() => app.ask('/albums'), 401);
    expect(app.log.with('warn', NO_LONGER_KNOWN)).toHaveLength(1);
    expect(await clientOf(app)).not.toBe(before);
  });

  it('from 4.2 to 4.5 with its database keeps client and resources', async () => {
    const before = await clientOf(await start(await oxd({ version: '4.2' })));
    const app = await start(await oxd({ version: '4.5' }));
    expect(await app.ask('/albums')).toMatchObject({ status: 401 });
    expect(await clientOf(app)).toBe(before);
  });
});

describe('An application that moves from oxd to embedded', () => {
  it('registers a new client and its resources', async () => {
    const before = await clientOf(await start(await oxd({ version: '4.5' })));
    const app = await start(EMBEDDED);
    expect(await app.ask('/albums')).toMatchObject({ status: 401 });
    expect(await clientOf(app)).not.toBe(before);
  });

  it.each<OxdServerOptions>([{ version: '3.1.4' }, { version: '4.2' }, { version: '4.5' }])(
    'keeps the client that getRp() returned on $version',
    async ({ version }) => {
      const { app } = await start(await oxd({ version }));
      const { node } = await app.get(OidcService).getRp();
      const { client_id, client_secret } = node;
      const { client_registration_access_token, client_registration_client_uri } = node;
      const management = { client_registration_access_token, client_registration_client_uri };
      const moved = await start(EMBEDDED, { client_id, client_secret, ...management });
      expect(await moved.ask('/albums')).toMatchObject({ status: 401 });
      expect(await clientOf(moved)).toBe(client_id);
    },
  );
});
