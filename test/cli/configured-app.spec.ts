import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, Get, Module, Query, UseGuards, type INestApplication } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import {
  OxdModule,
  OxdUser,
  UmaGuard,
  UmaProtected,
  UmaService,
  type OxdUserProfile,
} from '../../lib/index.js';
import { LoginGuard, OidcStrategy } from '../../lib/oidc/passport.js';
import { oxdConfig } from '../../lib/options/oxd.config.js';
import { freePort } from '../support/app.js';
import { Browser, passSandbox } from '../support/browser.js';
import { CliProcess } from '../support/cli-process.js';
import { compileLib, type CompiledLib } from '../support/compiled-lib.js';
import { registerSecret } from '../support/secrets.js';

@Controller()
class LoginController {
  constructor(private readonly uma: UmaService) {}

  @Get(['login', 'callback'])
  @UseGuards(LoginGuard)
  login(@OxdUser() { claims, tokens }: OxdUserProfile) {
    return { name: claims.name, email: claims.email, id_token: tokens.id_token };
  }

  /** Exchanges a permission ticket for an RPT of the user. */
  @Get('rpt')
  async rpt(@Query('ticket') ticket: string, @Query('claim_token') claim_token: string) {
    const claim_token_format = 'http://openid.net/specs/openid-connect-core-1_0.html#IDToken';
    const { access_token } = await this.uma.getRpt({ ticket, claim_token, claim_token_format });
    return { access_token };
  }
}

@Controller('albums')
@UseGuards(UmaGuard)
class AlbumsController {
  @Get()
  @UmaProtected({ scopes: ['view'] })
  list() {
    return ['Kind of Blue'];
  }
}

describe('an application with the variables that nestjs-oxd sandbox prints', () => {
  const environment = { ...process.env };
  let cwd: string;
  let command: CompiledLib;
  let sandbox: CliProcess;
  let app: INestApplication;
  let origin: string;

  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'oxd-cli-'));
    command = await compileLib('cli/nestjs-oxd.ts');
    const port = await freePort();
    origin = `http://localhost:${port}`;
    const args = ['sandbox', '--port=0', '--redirect-uri', `${origin}/callback`];
    sandbox = new CliProcess(command.path, args, { cwd });
    const variables = Object.entries(await sandbox.variables());
    const envFilePath = join(cwd, '.env');
    await writeFile(envFilePath, variables.map((pair) => pair.join('=')).join('\n'));

    @Module({
      imports: [
        ConfigModule.forRoot({ envFilePath }),
        OxdModule.forRootAsync(oxdConfig.asProvider()),
      ],
      controllers: [LoginController, AlbumsController],
      providers: [OidcStrategy],
    })
    class AppModule {}
    app = await NestFactory.create(AppModule, { logger: ['warn', 'error'] });
    await app.listen(port);
  });

  afterAll(async () => {
    await app?.close();
    await sandbox.stop('SIGTERM');
    await command.remove();
    await rm(cwd, { recursive: true });
    for (const name of Object.keys(process.env)) {
      if (!(name in environment)) delete process.env[name];
    }
  });

  it('logs a user in and grants an RPT of the user access to a protected route', async () => {
    const page = await passSandbox(new Browser(), `${origin}/login`);
    const user = JSON.parse(page.html) as { name: string; email: string; id_token: string };
    registerSecret(user.id_token);
    expect(user).toMatchObject({ name: 'Zoë Nováková', email: 'zoe@example.com' });

    const denied = await fetch(`${origin}/albums`);
    expect(denied.status).toBe(401);
    const challenge = denied.headers.get('www-authenticate') ?? '';
    const [, ticket = ''] = /ticket="([^"]+)"/.exec(challenge) ?? [];
    registerSecret(ticket);
    const query = new URLSearchParams({ ticket, claim_token: user.id_token });
    const rpt = (await (await fetch(`${origin}/rpt?${query.toString()}`)).json()) as {
      access_token: string;
    };
    registerSecret(rpt.access_token);
    const authorization = `Bearer ${rpt.access_token}`;
    const granted = await fetch(`${origin}/albums`, { headers: { authorization } });
    expect(await granted.json()).toEqual(['Kind of Blue']);
  });
});
