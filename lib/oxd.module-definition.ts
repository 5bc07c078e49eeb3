import { ConfigurableModuleBuilder, type Provider } from '@nestjs/common';
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

/** Hides the secrets of the options when the dynamic module is printed. */
function withPrintedOptions(provider: Provider): Provider {
  if (!('useValue' in provider)) return provider;
  return { ...provider, useValue: printedModuleOptions(provider.useValue as OxdModuleOptions) };
}
