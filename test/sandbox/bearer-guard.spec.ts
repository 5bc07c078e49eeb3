import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  BearerGuard,
  BearerProtected,
  MemoryStore,
  OxdModule,
  OxdUser,
  type BearerOptions,
} from '../../lib/index.js';
import { startSandbox, type Sandbox } from '../../lib/sandbox/sandbox.js';
import { startPeer, transportTo, type OxdPeer } from '../support/oxd-peers.js';
import { registerSecret } from '../support/secrets.js';
import { startApp } from '../support/uma-app.js';

const API = 'http://localhost:4001/api';

@Controller('albums')
@UseGuards(BearerGuard)
class AlbumsController {
  @Get()
  @BearerProtected({ scopes: ['albums:read'] })
  list(@OxdUser('sub') sub: string) {
    return { sub };
  }
}

let sandbox: Sandbox;

beforeAll(async () => {
  const options = { port: 0, clientsFile: false, quiet: true, onSecret: registerSecret } as const;
  sandbox = await startSandbox({ ...options, scopes: ['albums:read', 'albums:write'] });
});

afterAll(() => sandbox.close());

describe.each<{ name: string; peer?: OxdPeer; introspection?: BearerOptions['introspection'] }>([
  { name: 'by its signature' },
  { name: 'by introspection', introspection: 'always' },
  { name: 'through oxd-server 3.1.4', peer: 'socket 3.1.4' },
  { name: 'through the REST API of oxd 4.5', peer: 'REST 4.5' },
])('BearerGuard that verifies a JWT of the sandbox $name', ({ peer, introspection }) => {
  it.each([
    { name: 'grants the scope', scope: 'albums:read', resource: API, status: 200 },
    { name: 'denies another scope', scope: 'albums:write', resource: API, status: 403 },
    { name: 'denies another audience', scope: 'albums:read', resource: `${API}/v2`, status: 401 },
  ])('$name', async ({ scope, resource, status }) => {
    const server = peer && (await startPeer(peer));
    const oxd = OxdModule.forRoot({
      site: {
        op_host: sandbox.issuer,
        authorization_redirect_uri: 'http://localhost:4001/callback',
        grant_types: ['authorization_code', 'client_credentials'],
      },
      bearer: { audience: API, introspection },
      store: new MemoryStore(),
      transport:
        peer && server
          ? transportTo(peer, server)
          : { type: 'embedded', allowInsecureRequests: true },
    });
    const app = await startApp({ imports: [oxd], controllers: [AlbumsController] });
    try {
      const { token, client_id } = await tokenOf(scope, resource);
      const answer = await app.ask({ path: '/albums', rpt: token });
      const { sub } = JSON.parse(answer.body) as { sub?: string };
      expect({ status: answer.status, sub }).toEqual({
        status,
        sub: status === 200 ? client_id : undefined,
      });
    } finally {
      await app.close();
      await server?.close();
    }
  });
});

type Credentials = Readonly<Record<'client_id' | 'client_secret', string>>;

/** Registers a client and returns a token of the client itself. */
async function tokenOf(scope: string, resource: string) {
  const registration = await fetch(`${sandbox.issuer}/reg`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ redirect_uris: [], response_types: [], grant_types: ['client_credentials'] },
      token_endpoint_auth_method: 'client_secret_post',
    }),
  });
  const { client_id, client_secret } = (await registration.json()) as Credentials;
  const grant = { grant_type: 'client_credentials', scope, resource };
  const body = new URLSearchParams({ ...grant, client_id, client_secret });
  const response = await fetch(`${sandbox.issuer}/token`, { method: 'POST', body });
  const { access_token: token } = (await response.json()) as { access_token: string };
  return { token, client_id };
}
