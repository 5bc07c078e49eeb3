import { Controller, Get, Post, Scope, UseGuards, type Type } from '@nestjs/common';
import { OxdConfigurationError, UmaGuard, UmaProtected, UmaPublic } from '../../../lib/index.js';
import { closing } from '../../support/closing.js';
import { ADAPTERS, startUmaApp, type Adapter, type UmaApp } from '../../support/uma-app.js';

async function boot(controller: Type, adapter: Adapter): Promise<UmaApp> {
  return closing(await startUmaApp({ adapter, controllers: [controller] }));
}

describe('a UmaGuard on a method that Nest does not call', () => {
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
    ['replaced by the constructor', Bound],
    ['of a request-scoped controller', MadeForEachRequest],
  ];
  const rows = hidden.flatMap((row) => ADAPTERS.map((adapter) => [...row, adapter] as const));

  it.each(rows)('%s prevents the start', async (_, controller, adapter) => {
    const starting = boot(controller, adapter);
    await expect(starting).rejects.toThrow(OxdConfigurationError);
    await expect(starting).rejects.toThrow(`${controller.name}.find: is @UmaProtected, but no`);
  });

  it.each(ADAPTERS)('is found on the class, on %s', async (adapter) => {
    @Controller('guarded')
    @UseGuards(UmaGuard)
    class Guarded extends Bound {}
    const app = await boot(Guarded, adapter);
    expect((await app.ask('/guarded')).status).toBe(401);
  });
});

describe.each(ADAPTERS)('@UmaPublic on %s', (adapter) => {
  it('does not open a method that a subclass overrides', async () => {
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

  it('opens an inherited method', async () => {
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

  it('does not open a class that extends a public class', async () => {
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

describe.each(ADAPTERS)('one function for two routes, on %s', (adapter) => {
  it('prevents the start if both routes have one template and different declarations', async () => {
    @Controller('twins')
    @UseGuards(UmaGuard)
    class Twins {
      constructor() {
        this.open = this.closed = () => 'ran';
      }
      @Post() @UmaProtected() closed(): string {
        return 'closed';
      }
      @Get() @UmaPublic() open(): string {
        return 'open';
      }
    }
    const issue = 'Twins.closed: runs the function of Twins.open; declare both routes alike';
    await expect(boot(Twins, adapter)).rejects.toThrow(issue);
  });

  it('has the declaration of each template', async () => {
    @Controller('twins')
    @UseGuards(UmaGuard)
    class Twins {
      constructor() {
        this.open = this.closed = () => 'ran';
      }
      @Get('closed') @UmaProtected() closed(): string {
        return 'closed';
      }
      @Get('open') @UmaPublic() open(): string {
        return 'open';
      }
    }
    const app = await boot(Twins, adapter);
    expect((await app.ask('/twins/closed')).status).toBe(401);
    expect((await app.ask('/twins/open')).status).toBe(200);
  });
});
