import { Controller, Get, UseGuards, type Type } from '@nestjs/common';
import { UmaGuard, UmaProtected, type UmaProtectedOptions } from '../../../lib/index.js';
import type { OxdVersion } from '../../../lib/commands/oxd-transport.js';
import { ADAPTERS, AuthorizationServer, startUmaApp } from '../../support/uma-app.js';

function albums(options?: UmaProtectedOptions): Type {
  @Controller('albums')
  @UseGuards(UmaGuard)
  class Albums {
    @Get(':id')
    @UmaProtected(options)
    find(): string {
      return 'the album';
    }
  }
  return Albums;
}

class VersionedServer extends AuthorizationServer {
  constructor(override readonly version: OxdVersion) {
    super();
  }
}

const rule = { or: [{ var: 0 }] };

describe.each(ADAPTERS)('on %s', (adapter) => {
  it.each<[string, UmaProtectedOptions | undefined, readonly string[] | undefined]>([
    ['the scopes of the decorator', { scopes: ['view', 'all'] }, ['view', 'all']],
    ['the default scope', undefined, ['GET']],
    [
      'no scopes beside ticketScopes, which they would replace',
      { scopes: ['all'], ticketScopes: ['view'] },
      undefined,
    ],
    [
      'no scopes beside scope_expression, which they would replace',
      { scope_expression: { rule, data: ['view'] } },
      undefined,
    ],
  ])('a check sends %s', async (_, options, scopes) => {
    const { ask, transport, close } = await startUmaApp({
      adapter,
      controllers: [albums(options)],
    });
    await ask('/albums/77');
    expect(transport.sent('uma_rs_check_access').map((sent) => sent.scopes)).toEqual([scopes]);
    await close();
  });

  it('a check of a path of uma.paths sends no scopes: the registered ones apply', async () => {
    const uma = { paths: (_: object, { id = '' }) => `/albums/${id}` };
    const { ask, transport, close } = await startUmaApp({
      adapter,
      controllers: [albums({ scopes: ['view'] })],
      options: { uma },
    });
    await ask('/albums/77');
    const [check] = transport.sent('uma_rs_check_access');
    expect([check?.path, check?.scopes]).toEqual(['/albums/77', undefined]);
    await close();
  });

  it('a check on oxd 3.1.4, which has no parameter for scopes, sends none', async () => {
    const transport = new VersionedServer('3.1.4');
    const { ask, close } = await startUmaApp({ adapter, transport, controllers: [albums()] });
    expect((await ask('/albums/77')).status).toBe(401);
    expect(transport.sent('uma_rs_check_access')[0]?.scopes).toBeUndefined();
    await close();
  });
});
