import { Test } from '@nestjs/testing';
import { OidcService, OxdModule } from 'nestjs-oxd';
import { startSandbox, type Sandbox } from 'nestjs-oxd/sandbox';
import { OxdServer } from 'nestjs-oxd/testing';

let sandbox: Sandbox;
let oxd: OxdServer;

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, quiet: true });
  const allowed = { allowInsecureRequests: true };
  oxd = await OxdServer.start({ version: '3.1.4', extension: true, ...allowed });
}, 60_000);

afterAll(async () => {
  await oxd.close();
  await sandbox.close();
});

it('starts a login through the HTTPS extension of oxd', async () => {
  const { url, ca } = oxd;
  const oxdModule = OxdModule.forRoot({
    site: {
      op_host: sandbox.issuer,
      authorization_redirect_uri: 'http://localhost:3000/callback',
    },
    transport: { type: 'https', version: '3.1.4', url, ca },
  });
  const module = await Test.createTestingModule({ imports: [oxdModule] }).compile();
  const login = await module.get(OidcService).getAuthorizationUrl();
  expect(login.authorization_url).toContain(`${sandbox.issuer}/auth?`);
  await module.close();
});
