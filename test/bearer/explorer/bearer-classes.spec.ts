import { Controller, Get, Scope, UseGuards, type Type } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import {
  BearerGuard,
  BearerProtected,
  BearerPublic,
  OxdConfigurationError,
} from '../../../lib/index.js';
import { startBearerApp, TokenServer, type BearerApp } from '../../support/bearer-app.js';
import { closing } from '../../support/closing.js';
import { ADAPTERS, oxdModule, SITE, startApp } from '../../support/uma-app.js';

describe.each(ADAPTERS)('BearerGuard and classes on %s', (adapter) => {
  async function boot(controller: Type): Promise<BearerApp> {
    return closing(await startBearerApp({ adapter, controllers: [controller] }));
  }

  @Controller('bound')
  class Bound {
    constructor() {
      this.find = this.find.bind(this);
    }
    @Get() @UseGuards(BearerGuard) @BearerProtected() find(): string {
      return 'ran';
    }
  }

  @Controller({ path: 'each', scope: Scope.REQUEST })
  class MadeForEachRequest {
    @Get() @UseGuards(BearerGuard) @BearerProtected() find(): string {
      return 'ran';
    }
  }

  it.each([
    { name: 'replaced by the constructor', controller: Bound },
    { name: 'of a request-scoped controller', controller: MadeForEachRequest },
  ])('prevent the start with the guard on a method $name', async ({ controller }) => {
    const starting = boot(controller);
    await expect(starting).rejects.toThrow(OxdConfigurationError);
    await expect(starting).rejects.toThrow(`${controller.name}.find: is @BearerProtected, but no`);
  });

  it('find the guard of such a method on the class', async () => {
    @Controller('guarded')
    @UseGuards(BearerGuard)
    class Guarded extends Bound {}
    const { ask, transport } = await boot(Guarded);
    expect((await ask('/guarded')).status).toBe(401);
    expect((await ask({ path: '/guarded', rpt: transport.accessToken() })).body).toBe('ran');
  });

  @BearerProtected({ scopes: ['base'] })
  class Base {
    @Get() shared(): string {
      return 'ran';
    }
    @Get('open') @BearerPublic() open(): string {
      return 'ran';
    }
    @Get('own') @BearerProtected({ scopes: ['own'] }) own(): string {
      return 'ran';
    }
  }

  @Controller('heirs')
  @UseGuards(BearerGuard)
  class Heir extends Base {
    override open(): string {
      return super.open();
    }
    @Get('own') override own(): string {
      return super.own();
    }
  }
  Get('open')(Heir.prototype, 'open', { value: Reflect.get(Heir.prototype, 'open') as unknown });

  it.each([
    { path: '/heirs', scope: 'base', status: 200 },
    { path: '/heirs', scope: 'own', status: 403 },
    { path: '/heirs/own', scope: 'own', status: 200 },
    { path: '/heirs/own', scope: 'base', status: 403 },
    { path: '/heirs/open', scope: 'base', status: 200 },
    { path: '/heirs/open', scope: '', status: 403 },
  ])('inherit protections but no @BearerPublic: $path with "$scope" is $status', async (row) => {
    const { ask, transport } = await boot(Heir);
    const rpt = transport.accessToken({ scope: row.scope });
    expect((await ask({ path: row.path, rpt })).status).toBe(row.status);
    expect((await ask(row.path)).status).toBe(401);
  });

  it('decide by the module of the route if two modules have one controller class', async () => {
    @Controller('shared')
    @UseGuards(BearerGuard)
    class Shared {
      @Get() @BearerProtected() find(): string {
        return 'ran';
      }
    }
    class Albums {}
    class Films {}
    const [albums, films] = [new TokenServer(), new TokenServer()];
    const featureOf = (module: Type, transport: TokenServer) => {
      const name = module.name.toLowerCase();
      const site = { ...SITE, oxd_id: `site of ${name}` };
      const imports = [oxdModule(transport, { name, site, bearer: { audience: name } })];
      return { module, imports, controllers: [Shared] };
    };
    const imports = [
      featureOf(Albums, albums),
      featureOf(Films, films),
      RouterModule.register([
        { path: 'albums', module: Albums },
        { path: 'films', module: Films },
      ]),
    ];
    const { ask } = closing(await startApp({ adapter, imports }));
    const rpt = albums.accessToken({ aud: 'albums' });
    expect((await ask({ path: '/albums/shared', rpt })).status).toBe(200);
    expect((await ask({ path: '/films/shared', rpt })).status).toBe(401);
    expect([albums.introspections, films.introspections]).toEqual([1, 1]);
  });
});
