// An application of NestJS 10 with nest-keycloak-connect. Its packages are those of this folder.
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import peer from 'nest-keycloak-connect';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { serve } from '../applications/serve.mjs';

serve(applicationModule, { NestFactory, express: ExpressAdapter, fastify: FastifyAdapter });

function applicationModule({ url, realm, client, secret, route, options }) {
  class AlbumsController {
    list() {
      return ['Kind of Blue'];
    }
  }
  const handler = Object.getOwnPropertyDescriptor(AlbumsController.prototype, 'list');
  Get(route.path)(AlbumsController.prototype, 'list', handler);
  const { guards, ...validation } = options;
  if (guards.includes('RoleGuard')) {
    const roles = { roles: [`realm:${route.role}`] };
    peer.Roles(roles)(AlbumsController.prototype, 'list', handler);
  } else {
    peer.Scopes(route.scope)(AlbumsController.prototype, 'list', handler);
    peer.Resource(route.resource)(AlbumsController);
  }
  Controller()(AlbumsController);

  const connection = { authServerUrl: url, realm, clientId: client, secret, bearerOnly: true };
  const enforcement = { policyEnforcement: 'enforcing', ...validation };
  class ApplicationModule {}
  Module({
    imports: [peer.KeycloakConnectModule.register({ ...connection, ...enforcement })],
    controllers: [AlbumsController],
    providers: guards.map((name) => ({ provide: APP_GUARD, useClass: peer[name] })),
  })(ApplicationModule);
  return ApplicationModule;
}
