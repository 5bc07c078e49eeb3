import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  AccessToken,
  BearerGuard,
  BearerProtected,
  BearerPublic,
  OxdConfigurationError,
  OxdUser,
  UmaGuard,
  UmaProtected,
} from '../../lib/index.js';
import { OxdTestingModule, type OxdTestingOptions } from '../../lib/testing/testing.js';
import { outcomeOf } from '../support/bearer-app.js';
import { closing } from '../support/closing.js';
import { ADAPTERS, startApp, token } from '../support/uma-app.js';

@Controller('albums')
@UseGuards(BearerGuard)
@BearerProtected({ scopes: ['view'], roles: ['editor'], acr_values: ['2'], max_age: 60 })
class AlbumsController {
  @Get() list(@OxdUser('claims.email') email: unknown, @AccessToken() access: unknown) {
    return { email, access };
  }
  @Get('open') @BearerPublic() open(@OxdUser('sub') sub: unknown) {
    return { sub };
  }
  @Get('both') @UseGuards(UmaGuard) @UmaProtected() both(@OxdUser('sub') sub: unknown) {
    return { sub };
  }
}

@Controller('plain')
@UseGuards(BearerGuard)
class PlainController {
  @Get() find(): string {
    return 'ran';
  }
}

const user = {
  sub: 'alice',
  claims: { email: 'alice@example.com' },
  tokens: { access_token: 'the token of the test' },
};

describe.each(ADAPTERS)('OxdTestingModule with BearerGuard on %s', (adapter) => {
  const controllers = [AlbumsController, PlainController];

  async function start(options: OxdTestingOptions) {
    const imports = [OxdTestingModule.forRoot(options)];
    return closing(await startApp({ adapter, imports, controllers }));
  }

  it('grants every request of the user, whatever is required', async () => {
    const { ask } = await start({ user });
    const expected = { email: 'alice@example.com', access: 'the token of the test' };
    for (const rpt of [undefined, token('any')]) {
      const { status, body } = await ask({ path: '/albums', rpt });
      expect([status, JSON.parse(body)]).toEqual([200, expected]);
    }
    expect(JSON.parse((await ask('/albums/both')).body)).toEqual({ sub: 'alice' });
  });

  it('grants without a user by grant: true', async () => {
    const { status, body } = await (await start({ grant: true })).ask('/albums');
    expect([status, JSON.parse(body)]).toEqual([200, {}]);
  });

  it('names the metadata of option resource in the challenge', async () => {
    const { ask } = await start({ resource: 'https://api.example.com' });
    expect((await ask('/albums')).headers['www-authenticate']).toContain(
      'resource_metadata="https://api.example.com/.well-known/oauth-protected-resource"',
    );
  });

  it('sets no user on a public route', async () => {
    expect(JSON.parse((await (await start({ user })).ask('/albums/open')).body)).toEqual({});
  });

  it('decides on each request by a function', async () => {
    const grant = ({ headers }: { headers: Record<string, unknown> }) =>
      headers['x-test'] === 'yes';
    const { ask } = await start({ user, grant: grant as OxdTestingOptions['grant'] });
    expect((await ask({ path: '/albums', headers: ['X-Test', 'yes'] })).status).toBe(200);
    expect((await ask('/albums')).status).toBe(401);
  });

  it('denies as the guard does', async () => {
    const { ask, log } = await start({ user, grant: false });
    const missing = await ask('/albums');
    expect(outcomeOf(missing)).toMatchObject({ status: 401, error: 'BEARER_TOKEN_REQUIRED' });
    expect(missing.headers['www-authenticate']).toMatch(/^Bearer realm="localhost:3000"/);
    const rejected = await ask({ path: '/albums', rpt: token('any') });
    expect(outcomeOf(rejected)).toMatchObject({ status: 401, error: 'BEARER_INVALID_TOKEN' });
    expect(rejected.headers['cache-control']).toBe('no-store');
    expect(log.with('warn', '401 BEARER_INVALID_TOKEN')).toHaveLength(1);
  });

  it.each([true, false])(
    'denies undeclared routes and malformed tokens with grant: %s',
    async (grant) => {
      const { ask } = await start({ user, grant });
      expect(outcomeOf(await ask('/plain'))).toMatchObject({
        status: 403,
        error: 'BEARER_FORBIDDEN',
      });
      const malformed = await ask({ path: '/albums', headers: ['Authorization', 'Bearer a b'] });
      expect(outcomeOf(malformed)).toMatchObject({ status: 400, error: 'BEARER_INVALID_REQUEST' });
    },
  );

  it('finds malformed declarations at start-up', async () => {
    @Controller('bad')
    @UseGuards(BearerGuard)
    class Bad {
      @Get() @BearerProtected({ max_age: -1 }) find() {}
    }
    const imports = [OxdTestingModule.forRoot({ user })];
    const starting = startApp({ adapter, imports, controllers: [Bad] });
    await expect(starting).rejects.toThrow(OxdConfigurationError);
  });
});
