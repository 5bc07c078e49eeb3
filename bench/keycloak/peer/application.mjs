// An application of NestJS 10 with nest-keycloak-connect. Its packages are those of this folder.
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import nestKeycloakConnect from 'nest-keycloak-connect';
import { serve } from '../applications/serve.mjs';

const { AuthGuard, KeycloakConnectModule, Resource, ResourceGuard, Scopes } = nestKeycloakConnect;
const { url, realm, client, secret, route, options } = JSON.parse(process.argv[2]);
const { guards, ...validation } = options;
const GUARDS = { AuthGuard, ResourceGuard };

class AlbumsController {
  list() {
    return ['Kind of Blue'];
  }
}
const handler = Object.getOwnPropertyDescriptor(AlbumsController.prototype, 'list');
Get(route.path)(AlbumsController.prototype, 'list', handler);
Scopes(route.scope)(AlbumsController.prototype, 'list', handler);
Resource(route.resource)(AlbumsController);
Controller()(AlbumsController);

class ApplicationModule {}
Module({
  imports: [
    KeycloakConnectModule.register({
      authServerUrl: url,
      realm,
      clientId: client,
      secret,
      bearerOnly: true,
      policyEnforcement: 'enforcing',
      ...validation,
    }),
  ],
  controllers: [AlbumsController],
  providers: guards.map((name) => ({ provide: APP_GUARD, useClass: GUARDS[name] })),
})(ApplicationModule);

await serve(await NestFactory.create(ApplicationModule, { logger: ['error'] }));
