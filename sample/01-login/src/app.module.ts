import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { APP_FILTER } from '@nestjs/core';
import { OxdModule } from 'nestjs-oxd';
import { oxdConfig } from 'nestjs-oxd/config';
import { OidcStrategy } from 'nestjs-oxd/passport';
import { AppController } from './app.controller.js';
import { ErrorPageFilter, OxdErrorPageFilter } from './error-page.filter.js';

@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true, load: [oxdConfig] }),
    OxdModule.forRootAsync(oxdConfig.asProvider()),
  ],
  controllers: [AppController],
  providers: [
    OidcStrategy,
    { provide: APP_FILTER, useClass: ErrorPageFilter },
    { provide: APP_FILTER, useClass: OxdErrorPageFilter },
  ],
})
export class AppModule {}
