import { inspect } from 'node:util';
import { Controller, Get, ParseIntPipe, Req, UseGuards } from '@nestjs/common';
import {
  AccessToken,
  BearerGuard,
  BearerProtected,
  BearerPublic,
  OxdUser,
  type BearerUser,
} from '../../../lib/index.js';
import { AUDIENCE, startBearerApp, type BearerApp } from '../../support/bearer-app.js';
import { ADAPTERS, SITE } from '../../support/uma-app.js';

interface UserRequest {
  user?: BearerUser;
}

@Controller('me')
@UseGuards(BearerGuard)
@BearerProtected()
class Me {
  @Get() whole(@OxdUser() user: BearerUser): BearerUser {
    return user;
  }
  @Get('request') request(@Req() { user }: UserRequest) {
    return { user, printed: inspect(user, { depth: 9 }) };
  }
  @Get('email') email(@OxdUser('claims.email') email: unknown) {
    return { email };
  }
  @Get('deep') deep(@OxdUser('claims.address.country') country: unknown) {
    return { country };
  }
  @Get('age') age(@OxdUser('claims.age', ParseIntPipe) age: unknown) {
    return { age };
  }
  @Get('token') token(@AccessToken() whole: string, @OxdUser('tokens.access_token') part: string) {
    return { length: whole.length, same: whole === part };
  }
  @Get('inherited') inherited(
    @OxdUser('claims.constructor.name') constructor: unknown,
    @OxdUser('claims.__proto__') prototype: unknown,
    @OxdUser('claims.toString') method: unknown,
    @OxdUser('claims.email.length.constructor') text: unknown,
    @OxdUser('') empty: unknown,
  ) {
    return {
      found: [constructor, prototype, method, text, empty].filter((one) => one !== undefined),
    };
  }
  @Get('change') change(@OxdUser() user: { claims: { email: string; roles: string[] } }) {
    user.claims.roles.push('admin');
    return 'changed';
  }
  @Get('open') @BearerPublic() open(@OxdUser() user: unknown) {
    return { user };
  }
}

const claims = {
  email: 'alice@example.com',
  address: { country: 'FR' },
  age: '42',
  roles: ['user'],
};

describe.each(ADAPTERS)('the user of a request with an access token, on %s', (adapter) => {
  let app: BearerApp;
  beforeAll(async () => {
    const bearer = { cache: {} };
    app = await startBearerApp({ adapter, controllers: [Me], bearer, configure: withSession });
  });
  afterAll(() => app.close());

  async function ask(path: string, given: object = claims): Promise<Record<string, unknown>> {
    const { body } = await app.ask({ path, rpt: app.transport.accessToken({ ...given }) });
    return JSON.parse(body) as Record<string, unknown>;
  }

  it('has sub and claims, and replaces the user of the session', async () => {
    const expected = { iss: SITE.op_host, aud: AUDIENCE, sub: 'alice', typ: 'Bearer', ...claims };
    expect(await ask('/me')).toEqual({ sub: 'alice', claims: expected, tokens: {} });
    expect(await ask('/me/request')).toMatchObject({ user: { sub: 'alice' } });
  });

  it('has no sub for a token without one', async () => {
    expect(await ask('/me', { sub: undefined })).not.toHaveProperty('sub');
  });

  it('shows its token neither in JSON nor when it is printed', async () => {
    const rpt = app.transport.accessToken();
    const { body } = await app.ask({ path: '/me/request', rpt });
    expect(body).toContain('alice');
    expect(body).not.toContain(rpt);
  });

  it('is injected in parts by @OxdUser() with a path', async () => {
    expect(await ask('/me/email')).toEqual({ email: claims.email });
    expect(await ask('/me/deep')).toEqual({ country: 'FR' });
    expect(await ask('/me/age')).toEqual({ age: 42 });
  });

  it.each(['email', 'deep'])('has an undefined part %s without the claim', async (path) => {
    expect(await ask(`/me/${path}`, {})).toEqual({});
  });

  it('has no inherited parts', async () => {
    expect(await ask('/me/inherited')).toEqual({ found: [] });
  });

  it('has the token for @AccessToken()', async () => {
    const rpt = app.transport.accessToken();
    const { body } = await app.ask({ path: '/me/token', rpt });
    expect(JSON.parse(body)).toEqual({ length: rpt.length, same: true });
  });

  it('cannot be changed for further requests with a cached token', async () => {
    const rpt = app.transport.accessToken({ ...claims, roles: ['user'] });
    expect((await app.ask({ path: '/me/change', rpt })).status).toBe(500);
    const { body } = await app.ask({ path: '/me', rpt });
    expect(JSON.parse(body)).toMatchObject({ claims: { roles: ['user'] } });
  });

  it('remains the user of the session on a public route', async () => {
    const { body } = await app.ask({ path: '/me/open', rpt: app.transport.accessToken() });
    expect(JSON.parse(body)).toEqual({ user: { sub: 'user of the session' } });
  });
});

/** Sets a user on each request before the guards run, as a session does. */
function withSession(
  app: Parameters<NonNullable<Parameters<typeof startBearerApp>[0]['configure']>>[0],
): void {
  app.useGlobalGuards({
    canActivate(context) {
      context.switchToHttp().getRequest<{ user: unknown }>().user = { sub: 'user of the session' };
      return true;
    },
  });
}
