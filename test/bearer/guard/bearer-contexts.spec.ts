import { Controller, Get, Injectable, type Type } from '@nestjs/common';
import { APP_GUARD, ExternalContextCreator } from '@nestjs/core';
import { BearerGuard, BearerProtected, BearerPublic } from '../../../lib/index.js';
import { startBearerApp } from '../../support/bearer-app.js';
import { closing } from '../../support/closing.js';
import { ADAPTERS } from '../../support/uma-app.js';

/** Handlers of messages, of a gateway or of GraphQL, which are not HTTP routes. */
@Injectable()
class Handlers {
  @BearerPublic() open(): string {
    return 'ran';
  }
  closed(): string {
    return 'ran';
  }
}

@Injectable()
@BearerPublic()
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
@BearerPublic()
class Mixed {
  @Get() @BearerProtected() closed(): string {
    return 'ran';
  }
}

const TYPES = ['rpc', 'ws', 'graphql', 'something'];

describe.each(ADAPTERS)('BearerGuard as APP_GUARD on %s', (adapter) => {
  /** Calls a handler as the packages of Nest for messages, gateways and GraphQL do. */
  async function call(type: Type, method: string, context: string) {
    const providers = [
      { provide: APP_GUARD, useClass: BearerGuard },
      ...[Handlers, OpenHandlers, Heir],
    ];
    const { app, log } = closing(
      await startBearerApp({ adapter, controllers: [Mixed], providers }),
    );
    const instance = app.get<Record<string, () => unknown>>(type);
    const callback = Reflect.get(instance, method) as () => unknown;
    const all = { guards: true, interceptors: false, filters: false };
    const none = undefined;
    const run = app
      .get(ExternalContextCreator)
      .create(instance, callback, method, none, none, none, none, all, context) as (
      ...args: unknown[]
    ) => Promise<unknown>;
    return { log, run };
  }

  it.each(TYPES)('grants every call of a public handler of type %s', async (context) => {
    await expect((await call(Handlers, 'open', context)).run({})).resolves.toBe('ran');
    await expect((await call(OpenHandlers, 'list', context)).run({})).resolves.toBe('ran');
  });

  const denied: { name: string; type: Type; method: string }[] = [
    { name: 'without a decorator', type: Handlers, method: 'closed' },
    { name: 'with @BearerProtected', type: Mixed, method: 'closed' },
    { name: 'of a class that extends a public one', type: Heir, method: 'list' },
  ];
  const rows = denied.flatMap((row) => TYPES.map((context) => ({ ...row, context })));

  it.each(rows)('denies a handler $name in the context $context', async (row) => {
    const { type, method, context } = row;
    const { log, run } = await call(type, method, context);
    for (let count = 0; count < 2; count++) {
      await expect(run({})).rejects.toMatchObject({ status: 403 });
    }
    const line = `${type.name}.${method} is behind BearerGuard, which protects HTTP only, not ${context}`;
    expect(log.with('warn', line)).toHaveLength(1);
  });
});
