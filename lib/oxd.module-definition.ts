import { ConfigurableModuleBuilder, type FactoryProvider, type Provider } from '@nestjs/common';
import type { OxdModuleOptions } from './options/oxd.options.js';
import { printedModuleOptions } from './options/printed-options.js';

/** Base class with `forRoot()` and `forRootAsync()`, and the token of the options. */
export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<OxdModuleOptions>()
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createOxdOptions')
    .setExtras({ isGlobal: false }, ({ providers, ...definition }, { isGlobal }) => ({
      ...definition,
      providers: providers?.map(withPrintedOptions),
      global: isGlobal,
    }))
    .build();

/** Value of the options when the class was imported without `forRoot()`. */
export const NO_OPTIONS = Object.freeze({});

/** Hides the secrets of the options when the dynamic module, or the resolved options, are printed. */
function withPrintedOptions(provider: Provider): Provider {
  if (!('provide' in provider) || provider.provide !== MODULE_OPTIONS_TOKEN) return provider;
  if ('useValue' in provider) {
    return { ...provider, useValue: printedModuleOptions(provider.useValue as OxdModuleOptions) };
  }
  if (!('useFactory' in provider)) return provider;
  const { useFactory } = provider as FactoryProvider<OxdModuleOptions>;
  const printed = async (...dependencies: unknown[]): Promise<OxdModuleOptions> =>
    printedModuleOptions(await useFactory(...dependencies));
  return { ...provider, useFactory: printed };
}
