import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { MemoryStore, OxdModule, UmaGuard, UmaProtected } from '../../lib/index.js';
import { OidcStrategy } from '../../lib/oidc/passport.js';
import { ScriptedTransport } from '../../lib/testing/testing.js';
import { closing } from '../support/closing.js';
import { registerSecret } from '../support/secrets.js';

const op_host = 'https://op.example.com';
const state = 'state-of-an-instrumented-login';
const ticket = 'ticket-of-an-instrumented-app';

@Controller()
class PagesController {
  @UseGuards(AuthGuard('oxd'))
  @Get('login')
  login() {
    return 'not reached without a login';
  }

  @UmaProtected({ scopes: ['view'] })
  @UseGuards(UmaGuard)
  @Get('albums')
  albums() {
    return ['Kind of Blue'];
  }
}

function moduleClass() {
  [state, ticket].forEach(registerSecret);
  const transport = new ScriptedTransport({
    get_authorization_url: { authorization_url: `${op_host}/auth?state=${state}` },
    uma_rs_protect: { oxd_id: 'site-1' },
    uma_rs_check_access: {
      access: 'denied',
      'www-authenticate_header': `UMA realm="rs",as_uri="${op_host}",ticket="${ticket}"`,
      ticket,
    },
  });
  const site = {
    op_host,
    authorization_redirect_uri: 'https://app.example.com/callback',
    oxd_id: 'site-1',
  };
  const secret = 'a test secret of more than 32 characters';
  @Module({
    imports: [
      OxdModule.forRoot({ site, transport, secret, store: new MemoryStore(), eager: true }),
    ],
    controllers: [PagesController],
    providers: [OidcStrategy],
  })
  class ApplicationModule {}
  return ApplicationModule;
}

/** Wraps a provider as tracing tools do: methods run on the provider, other access on the wrapper. */
function traced(instance: unknown): unknown {
  if (typeof instance !== 'object' || instance === null) return instance;
  const wrappers = new Map<unknown, unknown>();
  return new Proxy(instance, {
    get(target, name): unknown {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function' || name === 'constructor') return value;
      if (!wrappers.has(value)) wrappers.set(value, tracedMethod(target, value));
      return wrappers.get(value);
    },
  });
}

/** Has the metadata of the method, such as its guards, which Nest reads. */
function tracedMethod(target: object, method: Function): Function {
  const wrapper = (...args: unknown[]): unknown => Reflect.apply(method, target, args);
  for (const key of Reflect.getMetadataKeys(method) as unknown[]) {
    Reflect.defineMetadata(key, Reflect.getMetadata(key, method), wrapper);
  }
  return wrapper;
}

describe('an application whose providers are wrapped for tracing', () => {
  it('begins logins and denies protected routes with a ticket', async () => {
    const instrument = { instanceDecorator: traced };
    const app = closing(await NestFactory.create(moduleClass(), { instrument, logger: false }));
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const login = await fetch(`${url}/login`, { redirect: 'manual' });
    expect([login.status, login.headers.get('location')]).toEqual([
      302,
      `${op_host}/auth?state=${state}`,
    ]);
    const albums = await fetch(`${url}/albums`);
    expect([albums.status, albums.headers.get('www-authenticate')]).toEqual([
      401,
      `UMA realm="app.example.com", as_uri="${op_host}", ticket="${ticket}"`,
    ]);
  });
});
