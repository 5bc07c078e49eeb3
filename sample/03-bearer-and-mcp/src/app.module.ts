import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { keycloakRoles, OxdModule, ProtectedResourceController } from 'nestjs-oxd';
import { oxdConfig } from 'nestjs-oxd/config';
import { OidcStrategy } from 'nestjs-oxd/passport';
import type { OxdModuleOptions } from 'nestjs-oxd';
import { AlbumsController } from './albums.controller.js';
import { DemoController } from './demo.controller.js';
import { LoginController } from './login.controller.js';
import { McpController } from './mcp.controller.js';

@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true, load: [oxdConfig] }),
    OxdModule.forRootAsync({ inject: [oxdConfig.KEY], useFactory: withRoles }),
  ],
  controllers: [
    ...[AlbumsController, McpController, ProtectedResourceController],
    ...[DemoController, LoginController],
  ],
  providers: [OidcStrategy],
})
export class AppModule {}

/** Adds the roles, which are a function and so no variable. */
function withRoles(options: OxdModuleOptions): OxdModuleOptions {
  return { ...options, bearer: { ...options.bearer, roles: keycloakRoles() } };
}
