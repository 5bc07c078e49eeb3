import { readFileSync } from 'node:fs';
import { Controller, Get, Module, UseGuards, type DynamicModule } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { UmaGuard, UmaProtected } from '../../../lib/index.js';
import { closing } from '../../support/closing.js';
import { AuthorizationServer, oxdModule } from '../../support/uma-app.js';

@Controller('albums')
@UseGuards(UmaGuard)
class AlbumsController {
  @Get() @UmaProtected() list(): void {}
}

@Module({ controllers: [AlbumsController] })
class FeatureModule {}

/** Returns the error of Nest that the documentation quotes. */
function quotedError(): string {
  const page = readFileSync(new URL('../../../docs/operate-uma.md', import.meta.url), 'utf8');
  const [, quote] =
    /^\| `(Nest can't resolve dependencies of the UmaGuard [^`]+)`/m.exec(page) ?? [];
  if (quote === undefined) throw new Error('the documentation quotes no error');
  return quote;
}

/** Starts an application; closes it after the test. */
async function boot(...imports: (DynamicModule | typeof FeatureModule)[]): Promise<void> {
  const module = await Test.createTestingModule({ imports }).compile();
  closing(await module.init());
}

describe('a feature module with UmaGuard', () => {
  it('does not start without OxdModule; the error is quoted in the documentation', async () => {
    const starting = boot(oxdModule(new AuthorizationServer()), FeatureModule);
    await expect(starting).rejects.toThrow(quotedError());
  });

  it('starts with a global OxdModule', async () => {
    const global = oxdModule(new AuthorizationServer(), { isGlobal: true });
    await expect(boot(global, FeatureModule)).resolves.toBeUndefined();
  });

  it('starts with an import of a shared module that exports OxdModule', async () => {
    @Module({})
    class SharedModule {}
    const oxd = oxdModule(new AuthorizationServer());
    const shared = { module: SharedModule, imports: [oxd], exports: [oxd] };
    await expect(boot(shared, { module: FeatureModule, imports: [shared] })).resolves.toBe(
      undefined,
    );
  });

  it('starts with an import of OxdModule', async () => {
    const imports = [oxdModule(new AuthorizationServer())];
    const feature = { module: FeatureModule, imports };
    await expect(boot(feature)).resolves.toBeUndefined();
  });
});
