// An empty guard, and the least guards. One introspects: one request of undici, one JSON.parse, one
// comparison. With `subject` it also verifies the RPT: the introspection of Keycloak names no user. The other
// verifies an access token and looks for its role. They verify nothing else, and a denial has no ticket.
import 'reflect-metadata';
import { Controller, Get, Module, UnauthorizedException, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { Pool } from 'undici';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { serve } from './serve.mjs';

serve(applicationModule, { NestFactory, express: ExpressAdapter, fastify: FastifyAdapter });

function applicationModule({ options, ...settings }) {
  class AlbumsController {
    list() {
      return ['Kind of Blue'];
    }
  }
  const handler = Object.getOwnPropertyDescriptor(AlbumsController.prototype, 'list');
  Get(settings.route.path)(AlbumsController.prototype, 'list', handler);
  const Guard = GUARDS[options.guard];
  UseGuards(new Guard({ ...settings, ...options }))(AlbumsController);
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
    this.keys = subject && keysOf({ url, realm });
  }

  async canActivate(context) {
    const token = tokenOf(context);
    const body = `token_type_hint=requesting_party_token&token=${token}`;
    const response = await this.pool.request({ ...this.request, body });
    const { active, permissions = [] } = await response.body.json();
    if (!active || !permissions.some(this.covers)) throw new UnauthorizedException();
    return !this.keys || (await jwtVerify(token, this.keys)).payload.sub !== undefined;
  }
}

class RoleGuard {
  constructor({ url, realm, client: audience, route }) {
    this.keys = keysOf({ url, realm });
    this.expected = { issuer: `${url}/realms/${realm}`, audience };
    this.role = route.role;
  }

  async canActivate(context) {
    const { payload } = await jwtVerify(tokenOf(context), this.keys, this.expected);
    return payload.realm_access?.roles.includes(this.role) === true;
  }
}

const GUARDS = { none: EmptyGuard, introspection: IntrospectingGuard, role: RoleGuard };

function tokenOf(context) {
  const [, token] = context.switchToHttp().getRequest().headers.authorization.split(' ');
  return token;
}

function keysOf({ url, realm }) {
  return createRemoteJWKSet(new URL(`${url}/realms/${realm}/protocol/openid-connect/certs`));
}
