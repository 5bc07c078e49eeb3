import { Controller, Get, Injectable, type Type } from '@nestjs/common';
import { APP_GUARD, ExternalContextCreator } from '@nestjs/core';
import { UmaGuard, UmaProtected, UmaPublic } from '../../../lib/index.js';
import { closing } from '../../support/closing.js';
import { ADAPTERS, startUmaApp } from '../../support/uma-app.js';

/** Handlers of messages, of a gateway or of GraphQL, which are not HTTP routes. */
@Injectable()
class Handlers {
  constructor() {
    this.replaced = this.replaced.bind(this);
  }
  @UmaPublic() open(): string {
    return 'ran';
  }
  closed(): string {
    return 'ran';
  }
  @UmaPublic() replaced(): string {
    return 'ran';
  }
}

@Injectable()
@UmaPublic()
class OpenHandlers {
  list(): string {
    return 'ran';
  }
}

/** Class without a decorator that extends a public class. */
@Injectable()
class Heir extends OpenHandlers {
  override list(): string {
    return 'ran';
  }
}

/** Public class with a protected HTTP method. */
@Controller('mixed')
@UmaPublic()
class Mixed {
  @Get() @UmaProtected() closed(): string {
    return 'ran';
  }
}

/** Class with one function under two names, of which one is undeclared. */
@Injectable()
class Twice {
  @UmaPublic() open(): string {
    return 'ran';
  }
  closed(): string {
    return 'ran';
  }
}
Reflect.defineProperty(Twice.prototype, 'closed', {
  value: Reflect.get(Twice.prototype, 'open'),
});

const TYPES = ['rpc', 'ws', 'graphql', 'something'];

describe.each(ADAPTERS)('UmaGuard as APP_GUARD on %s', (adapter) => {
  /** Calls a handler as the packages of Nest for messages, gateways and GraphQL do. */
  async function call(type: Type, method: string, context: string): Promise<unknown> {
    const { app } = closing(
      await startUmaApp({
        adapter,
        controllers: [Mixed],
        providers: [
          { provide: APP_GUARD, useClass: UmaGuard },
          ...[Handlers, OpenHandlers, Heir, Twice],
        ],
      }),
    );
    const instance: object = app.get(type);
    const callback = Reflect.get(instance, method) as () => unknown;
    const all = { guards: true, interceptors: false, filters: false };
    const creator = app.get(ExternalContextCreator);
    const run = creator.create(
      instance as Record<string, () => unknown>,
      callback,
      method,
      undefined,
      undefined,
      undefined,
      undefined,
      all,
      context,
    ) as (...args: unknown[]) => Promise<unknown>;
    return run({});
  }

  it.each(TYPES)('grants every call of a public handler of type %s', async (context) => {
    await expect(call(Handlers, 'open', context)).resolves.toBe('ran');
    await expect(call(OpenHandlers, 'list', context)).resolves.toBe('ran');
  });

  const denied: { name: string; type: Type; method: string }[] = [
    { name: 'without a decorator', type: Handlers, method: 'closed' },
    { name: 'with @UmaProtected', type: Mixed, method: 'closed' },
    { name: 'of a class that extends a public one', type: Heir, method: 'list' },
    { name: 'replaced by the constructor', type: Handlers, method: 'replaced' },
    { name: 'with two names, one of them not public', type: Twice, method: 'open' },
  ];
  const rows = denied.flatMap((row) => TYPES.map((context) => ({ ...row, context })));

  it.each(rows)('denies a handler $name in the context $context', async (row) => {
    const { type, method, context } = row;
    await expect(call(type, method, context)).rejects.toMatchObject({ status: 403 });
  });
});
