// An empty guard, and the least guard that introspects: one request of undici, one JSON.parse, one
// comparison. With `subject` it also verifies the RPT: the introspection of Keycloak names no user. It
// verifies nothing else, and a denial has no ticket.
import 'reflect-metadata';
import { Controller, Get, Module, UnauthorizedException, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { Pool } from 'undici';
import { serve } from './serve.mjs';

serve((settings) => NestFactory.create(applicationModule(settings), { logger: ['error'] }));

function applicationModule({ options, ...settings }) {
  class AlbumsController {
    list() {
      return ['Kind of Blue'];
    }
  }
  const handler = Object.getOwnPropertyDescriptor(AlbumsController.prototype, 'list');
  Get(settings.route.path)(AlbumsController.prototype, 'list', handler);
  const guard = options.introspection
    ? new IntrospectingGuard({ ...settings, ...options })
    : new EmptyGuard();
  UseGuards(guard)(AlbumsController);
  Controller()(AlbumsController);

  class ApplicationModule {}
  Module({ controllers: [AlbumsController] })(ApplicationModule);
  return ApplicationModule;
}

class EmptyGuard {
  canActivate() {
    return true;
  }
}

class IntrospectingGuard {
  constructor({ url, realm, client, secret, route, subject }) {
    this.pool = new Pool(url, { connections: 128 });
    this.request = {
      method: 'POST',
      path: `/realms/${realm}/protocol/openid-connect/token/introspect`,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from(`${client}:${secret}`).toString('base64')}`,
      },
    };
    this.covers = ({ rsname, scopes }) => rsname === route.resource && scopes.includes(route.scope);
    const keys = new URL(`${url}/realms/${realm}/protocol/openid-connect/certs`);
    this.keys = subject && createRemoteJWKSet(keys);
  }

  async canActivate(context) {
    const [, token] = context.switchToHttp().getRequest().headers.authorization.split(' ');
    const body = `token_type_hint=requesting_party_token&token=${token}`;
    const response = await this.pool.request({ ...this.request, body });
    const { active, permissions = [] } = await response.body.json();
    if (!active || !permissions.some(this.covers)) throw new UnauthorizedException();
    return !this.keys || (await jwtVerify(token, this.keys)).payload.sub !== undefined;
  }
}
