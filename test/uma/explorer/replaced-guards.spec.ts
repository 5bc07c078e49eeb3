import { Controller, Get, Injectable, Scope, UseGuards, type Provider } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { TestingModuleBuilder } from '@nestjs/testing';
import { UmaGuard, UmaProtected } from '../../../lib/index.js';
import { closing } from '../../support/closing.js';
import { ADAPTERS, startUmaApp, type UmaAppOptions } from '../../support/uma-app.js';

class OpenGuard {
  canActivate(): boolean {
    return true;
  }
}

class SubGuard extends UmaGuard {}

@Injectable({ scope: Scope.REQUEST })
class RequestGuard extends UmaGuard {}

@Controller('albums')
@UmaProtected()
class Unguarded {
  @Get() list(): string {
    return 'ran';
  }
}

@Controller('albums')
@UseGuards(UmaGuard)
class Guarded extends Unguarded {}

@Controller('albums')
@UseGuards(SubGuard)
class BehindSubclass extends Unguarded {}

const ALIAS: Provider[] = [UmaGuard, { provide: APP_GUARD, useExisting: UmaGuard }];
const ALIAS_OF_REQUEST: Provider[] = [
  RequestGuard,
  { provide: APP_GUARD, useExisting: RequestGuard },
];

type Given = Omit<UmaAppOptions, 'adapter'>;
const open = new OpenGuard();

const environment = process.env.NODE_ENV;
afterEach(() => void (process.env.NODE_ENV = environment));

describe.each(ADAPTERS)('a UmaGuard that a test replaces, on %s', (adapter) => {
  const rows: { name: string; given: Given }[] = [
    {
      name: 'overrideGuard() with a value',
      given: {
        controllers: [Guarded],
        override: (builder) => builder.overrideGuard(UmaGuard).useValue(open),
      },
    },
    {
      name: 'overrideGuard() with another class',
      given: {
        controllers: [Guarded],
        override: (builder) => builder.overrideGuard(UmaGuard).useClass(OpenGuard),
      },
    },
    {
      name: 'overrideGuard() with a factory',
      given: {
        controllers: [Guarded],
        override: (builder) => builder.overrideGuard(UmaGuard).useFactory({ factory: () => open }),
      },
    },
    {
      name: 'overrideGuard() of a subclass',
      given: {
        controllers: [BehindSubclass],
        override: (builder) => builder.overrideGuard(SubGuard).useValue(open),
      },
    },
    {
      name: 'overrideProvider() with a value, behind an alias as APP_GUARD',
      given: {
        controllers: [Unguarded],
        providers: ALIAS,
        override: (builder) => builder.overrideProvider(UmaGuard).useValue(open),
      },
    },
    {
      name: 'overrideProvider() with another class, behind an alias as APP_GUARD',
      given: {
        controllers: [Unguarded],
        providers: ALIAS,
        override: (builder) => builder.overrideProvider(UmaGuard).useClass(OpenGuard),
      },
    },
    {
      name: 'overrideProvider() of a request-scoped guard, behind an alias as APP_GUARD',
      given: {
        controllers: [Unguarded],
        providers: ALIAS_OF_REQUEST,
        override: (builder) => builder.overrideProvider(RequestGuard).useValue(open),
      },
    },
    {
      name: 'overrideProvider(), behind useGlobalGuards()',
      given: {
        controllers: [Unguarded],
        providers: [UmaGuard],
        override: (builder) => builder.overrideProvider(UmaGuard).useValue(open),
        configure: (app) => app.useGlobalGuards(app.get(UmaGuard)),
      },
    },
  ];

  it.each(rows)('by $name counts as present and registers nothing', async ({ given }) => {
    const { ask, transport } = closing(await startUmaApp({ adapter, ...given }));
    expect((await ask('/albums')).body).toBe('ran');
    expect(transport.calls).toEqual([]);
  });

  it.each(rows)('by $name is an error at start-up elsewhere than in a test', async ({ given }) => {
    for (const value of ['production', 'development', undefined]) {
      if (value === undefined) delete process.env.NODE_ENV;
      else process.env.NODE_ENV = value;
      await expect(startUmaApp({ adapter, ...given })).rejects.toThrow(
        /\w+\.list: is @UmaProtected, but another object replaces its UmaGuard.*NODE_ENV=test/,
      );
    }
  });

  it.each<{ name: string; own: Provider }>([
    { name: 'an alias', own: { provide: UmaGuard, useExisting: OpenGuard } },
    { name: 'a factory', own: { provide: UmaGuard, useFactory: () => open } },
    { name: 'a value', own: { provide: UmaGuard, useValue: open } },
    { name: 'another class', own: { provide: UmaGuard, useClass: OpenGuard } },
  ])('by $name of its module opens no route in production', async ({ own }) => {
    const providers: Provider[] = [OpenGuard, own, { provide: APP_GUARD, useExisting: UmaGuard }];
    process.env.NODE_ENV = 'production';
    const starting = startUmaApp({ adapter, controllers: [Unguarded], providers });
    await expect(starting).rejects.toThrow('Unguarded.list: is @UmaProtected, but another object');
  });

  it('leaves the route of another UmaGuard as it is in production', async () => {
    process.env.NODE_ENV = 'production';
    const override = (builder: TestingModuleBuilder): unknown =>
      builder.overrideProvider(UmaGuard).useValue(open);
    const { ask } = closing(
      await startUmaApp({ adapter, controllers: [Guarded], providers: ALIAS, override }),
    );
    expect((await ask('/albums')).status).toBe(401);
  });

  it('by a subclass registers the route as before', async () => {
    const override = (builder: TestingModuleBuilder): unknown =>
      builder.overrideGuard(UmaGuard).useClass(SubGuard);
    const { ask, transport } = closing(
      await startUmaApp({ adapter, controllers: [Guarded], override }),
    );
    expect((await ask('/albums')).status).toBe(401);
    expect(transport.lastProtected).toEqual(['GET /albums']);
  });

  it('does not affect a route with its own UmaGuard', async () => {
    const override = (builder: TestingModuleBuilder): unknown =>
      builder.overrideProvider(UmaGuard).useValue(open);
    const { ask, transport } = closing(
      await startUmaApp({ adapter, controllers: [Guarded], providers: ALIAS, override }),
    );
    expect((await ask('/albums')).status).toBe(401);
    expect(transport.lastProtected).toEqual(['GET /albums']);
  });

  const unguarded: { name: string; given: Omit<Given, 'controllers'> }[] = [
    {
      name: 'a provider is replaced that guards no route',
      given: {
        providers: [UmaGuard],
        override: (builder) => builder.overrideProvider(UmaGuard).useValue(open),
      },
    },
    {
      name: 'another instance of the replacing class runs',
      given: {
        providers: [...ALIAS.slice(0, 1), { provide: APP_GUARD, useClass: OpenGuard }],
        override: (builder) => builder.overrideProvider(UmaGuard).useValue(open),
      },
    },
  ];

  it.each(unguarded)('does not count as present if $name', async ({ given }) => {
    const starting = startUmaApp({ adapter, controllers: [Unguarded], ...given });
    await expect(starting).rejects.toThrow('Unguarded.list: is @UmaProtected, but no UmaGuard');
  });

  it('need not be replaced: an alias as APP_GUARD decides and registers', async () => {
    for (const providers of [ALIAS, ALIAS_OF_REQUEST]) {
      const { ask, transport } = closing(
        await startUmaApp({ adapter, controllers: [Unguarded], providers }),
      );
      expect((await ask('/albums')).status).toBe(401);
      expect(transport.lastProtected).toEqual(['GET /albums']);
    }
  });
});
