import 'reflect-metadata';
import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  BearerGuard,
  BearerProtected,
  MemoryStore,
  OxdModule,
  UmaGuard,
  UmaProtected,
  keycloakRoles,
} from 'nestjs-oxd';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { serve } from './serve.mjs';

serve(applicationModule, { NestFactory, express: ExpressAdapter, fastify: FastifyAdapter });

function applicationModule({ url, realm, client, secret, route, options }) {
  class AlbumsController {
    list() {
      return ['Kind of Blue'];
    }
  }
  const handler = Object.getOwnPropertyDescriptor(AlbumsController.prototype, 'list');
  Get(route.path)(AlbumsController.prototype, 'list', handler);
  const { bearer } = options;
  const byRole = bearer !== undefined && options.uma === undefined;
  const declaration = byRole
    ? BearerProtected({ roles: [route.role] })
    : UmaProtected({ scopes: [route.scope] });
  declaration(AlbumsController.prototype, 'list', handler);
  UseGuards(byRole ? BearerGuard : UmaGuard)(AlbumsController);
  Controller()(AlbumsController);

  class ApplicationModule {}
  const site = {
    op_host: `${url}/realms/${realm}`,
    authorization_redirect_uri: 'http://127.0.0.1:3000/callback',
    client_id: client,
    client_secret: secret,
  };
  Module({
    imports: [
      OxdModule.forRoot({
        site,
        transport: { type: 'embedded', allowInsecureRequests: true },
        secret: 'a secret of the bench, 32 characters',
        store: new MemoryStore(),
        eager: true,
        ...options,
        ...(bearer && { bearer: { audience: client, roles: keycloakRoles(), ...bearer } }),
      }),
    ],
    controllers: [AlbumsController],
  })(ApplicationModule);
  return ApplicationModule;
}
