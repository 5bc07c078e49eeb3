import { Controller, Get, UseGuards, type Type } from '@nestjs/common';
import {
  OxdConfigurationError,
  UmaGuard,
  UmaProtected,
  UmaPublic,
  type OxdTransport,
  type UmaOptions,
  type UmaProtectedOptions,
} from '../../../lib/index.js';
import { AuthorizationServer, startUmaApp, type UmaApp } from '../../support/uma-app.js';

const opened: UmaApp[] = [];
afterEach(async () => {
  for (const app of opened.splice(0)) await app.close();
});

class Oxd extends AuthorizationServer {
  override readonly version: OxdTransport['version'] = '3.1.4';
}

type Decorator = ClassDecorator & MethodDecorator;

/** A controller `Albums` with one route `find`. */
function albums(onMethod: readonly Decorator[], onClass: readonly Decorator[] = []): Type {
  @Controller('albums')
  @UseGuards(UmaGuard)
  class Albums {
    @Get()
    find(): string {
      return 'found';
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Albums.prototype, 'find') ?? {};
  onMethod.forEach((decorate) => decorate(Albums.prototype, 'find', descriptor));
  onClass.forEach((decorate) => decorate(Albums));
  return Albums;
}

interface Given {
  readonly uma?: UmaOptions;
  readonly transport?: AuthorizationServer;
}

/** Issues of a failed start; an empty list for a successful start. */
async function issuesOf(controller: Type, { uma, transport }: Given = {}) {
  try {
    opened.push(await startUmaApp({ controllers: [controller], transport, options: { uma } }));
    return [];
  } catch (error) {
    if (error instanceof OxdConfigurationError) return error.issues;
    throw error;
  }
}

const find = (options: UmaProtectedOptions, given?: Given) =>
  issuesOf(albums([UmaProtected(options)]), given);

const decision = { uma: { mode: 'decision' } } as const;
const view = ['view'];
const expression = { rule: { and: [{ var: 0 }] }, data: view };
const claims = () => ({});

describe('a declaration with a mode', () => {
  it.each<[string, UmaProtectedOptions, Given | undefined, string]>([
    ['ticketScopes', { mode: 'decision', ticketScopes: view }, undefined, 'has ticketScopes or'],
    ['scope_expression', { scope_expression: expression }, decision, 'has ticketScopes or'],
    ['a scope with a comma', { mode: 'decision', scopes: ['a,b'] }, undefined, 'has a scope with'],
    ['a scope with a hash', { mode: 'decision', scopes: ['a#b'] }, undefined, 'has a scope with'],
    ['claims in rpt mode', { claims }, undefined, "has claims in mode 'rpt'"],
    ['claims in its own rpt mode', { mode: 'rpt', claims }, decision, "has claims in mode 'rpt'"],
  ])('has no %s', async (_, options, given, issue) => {
    expect(await find(options, given)).toEqual([expect.stringContaining(`Albums.find: ${issue}`)]);
  });

  it.each<[string, UmaProtectedOptions]>([
    ["mode: must be 'rpt' or 'decision'", { mode: 'other' as 'rpt' }],
    ['resource: must be a name or an id', { resource: ' ' }],
    ['resource: must be a name or an id', { resource: 7 as never }],
    ['claims: must be a function', { mode: 'decision', claims: {} as never }],
    ['ticketScopes: excludes resource', { resource: 'Album', ticketScopes: view }],
    ['scope_expression: excludes resource', { resource: 'Album', scope_expression: expression }],
  ])('is rejected with "%s"', async (issue, options) => {
    expect(await find(options)).toContainEqual(expect.stringContaining(`Albums.find: ${issue}`));
  });

  it('has no resource beside a path', async () => {
    const controller = albums([UmaProtected('/a', 'GET', { resource: 'Album' })]);
    expect(await issuesOf(controller)).toEqual([
      'Albums.find: resource: replaces the path; remove one of them',
    ]);
  });

  it.each<[string, UmaProtectedOptions]>([
    ['mode decision', { mode: 'decision' }],
    ['a resource', { resource: 'Album', scopes: view }],
    ['a function of the resource', { resource: () => 'Album', scopes: view }],
  ])('with %s is rejected on oxd', async (_, options) => {
    expect(await find(options, { transport: new Oxd() })).toEqual([
      expect.stringContaining('which oxd does not support'),
    ]);
    expect(await find(options)).toEqual([]);
  });

  it('agrees with those of the class', async () => {
    const other = [UmaProtected('/tenant', 'GET', { mode: 'rpt' })];
    const controller = albums([UmaProtected({ mode: 'decision' })], other);
    expect(await issuesOf(controller)).toEqual([
      expect.stringContaining('Albums.find: has declarations of both modes'),
    ]);
    expect(await issuesOf(albums([UmaProtected({ mode: 'rpt' })], other), decision)).toEqual([]);
    expect(await issuesOf(albums([UmaPublic()], other), decision)).toEqual([]);
  });

  it('may have a resource on a route with a pattern or without a registered path', async () => {
    @Controller('files')
    @UseGuards(UmaGuard)
    class Files {
      @Get('*path')
      @UmaProtected({ resource: 'Files', scopes: view })
      find(): string {
        return 'found';
      }
    }
    expect(await issuesOf(Files)).toEqual([]);
    expect(opened[0]?.transport.lastProtected).toEqual([]);
  });
});
