import { Controller, Get, Scope, UseGuards, type Type } from '@nestjs/common';
import { OxdConfigurationError, UmaGuard, UmaProtected, UmaPublic } from '../../../lib/index.js';
import { closing } from '../../support/closing.js';
import { ADAPTERS, startUmaApp, type Adapter, type UmaApp } from '../../support/uma-app.js';

async function boot(controller: Type, adapter: Adapter): Promise<UmaApp> {
  return closing(await startUmaApp({ adapter, controllers: [controller] }));
}

describe('a guard that Nest would not find', () => {
  @Controller('bound')
  class Bound {
    constructor() {
      this.find = this.find.bind(this);
    }

    @Get()
    @UseGuards(UmaGuard)
    @UmaProtected()
    find(): string {
      return 'the album';
    }
  }

  @Controller({ path: 'each', scope: Scope.REQUEST })
  class MadeForEachRequest {
    @Get()
    @UseGuards(UmaGuard)
    @UmaProtected()
    find(): string {
      return 'the album';
    }
  }

  const hidden: [string, Type][] = [
    ['on a method that the constructor replaces', Bound],
    ['on a method of a controller that each request makes', MadeForEachRequest],
  ];
  const rows = hidden.flatMap((row) => ADAPTERS.map((adapter) => [...row, adapter] as const));

  it.each(rows)('%s stops the start', async (_, controller, adapter) => {
    const starting = boot(controller, adapter);
    await expect(starting).rejects.toThrow(OxdConfigurationError);
    await expect(starting).rejects.toThrow(`${controller.name}.find: is @UmaProtected, but no`);
  });

  it.each(ADAPTERS)('is found on the class: %s', async (adapter) => {
    @Controller('guarded')
    @UseGuards(UmaGuard)
    class Guarded extends Bound {}
    const app = await boot(Guarded, adapter);
    expect((await app.ask('/guarded')).status).toBe(401);
  });
});

describe.each(ADAPTERS)('what is public on %s', (adapter) => {
  it('stays closed in a subclass that writes the method anew', async () => {
    class Base {
      @Get('info')
      @UmaPublic()
      info(): string {
        return 'open';
      }
    }

    @Controller('child')
    @UseGuards(UmaGuard)
    @UmaProtected()
    class Child extends Base {
      @Get('secret')
      override info(): string {
        return 'the album';
      }
    }

    expect((await (await boot(Child, adapter)).ask('/child/secret')).status).toBe(401);
  });

  it('stays public where the method is inherited as it is', async () => {
    class Base {
      @Get('info')
      @UmaPublic()
      info(): string {
        return 'open';
      }
    }

    @Controller('child')
    @UseGuards(UmaGuard)
    @UmaProtected()
    class Child extends Base {}

    expect((await (await boot(Child, adapter)).ask('/child/info')).body).toBe('open');
  });

  it('is no class that extends a public one', async () => {
    @UmaPublic()
    class Base {
      @Get()
      list(): string {
        return 'the albums';
      }
    }

    @Controller('child')
    @UseGuards(UmaGuard)
    class Child extends Base {}

    const answer = await (await boot(Child, adapter)).ask('/child');
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([403, undefined]);
  });
});
