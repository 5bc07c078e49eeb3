import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { OxdModuleOptions } from './options/oxd.options.js';

/** Base class with `forRoot()` and `forRootAsync()`, and the token of the options. */
export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<OxdModuleOptions>()
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createOxdOptions')
    .setExtras({ isGlobal: false }, (definition, { isGlobal }) => ({
      ...definition,
      global: isGlobal,
    }))
    .build();
