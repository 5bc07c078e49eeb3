import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { OxdModule } from 'nestjs-oxd';
import { TestIssuer } from 'nestjs-oxd/testing';
import request from 'supertest';
import { AlbumsController } from './app.module.js';

let issuer: TestIssuer;
let app: INestApplication;

beforeAll(async () => {
  issuer = await TestIssuer.start();
  const oxd = OxdModule.forRoot({
    site: {
      op_host: issuer.issuer,
      authorization_redirect_uri: 'http://localhost:3000/callback',
      client_id: 'albums',
      client_secret: 'any',
    },
    transport: { type: 'embedded', allowInsecureRequests: true },
    eager: true,
  });
  const imports = [oxd];
  const controllers = [AlbumsController];
  const module = await Test.createTestingModule({ imports, controllers }).compile();
  app = await module.createNestApplication().init();
});

afterAll(async () => {
  await app.close();
  await issuer.close();
});

it.each([
  { name: 'with the permission', scope: 'view', expiresIn: 60, status: 200 },
  { name: 'with another scope', scope: 'edit', expiresIn: 60, status: 401 },
  { name: 'that has expired', scope: 'view', expiresIn: -1, status: 401 },
])('responds to a token $name with $status', async ({ scope, expiresIn, status }) => {
  const permissions = [{ resource_id: '[GET] /albums/:id', resource_scopes: [scope] }];
  const rpt = await issuer.token({ sub: 'alice', permissions, expiresIn });
  const { body } = await request(app.getHttpServer())
    .get('/albums/7')
    .auth(rpt, { type: 'bearer' })
    .expect(status);
  expect(body).toMatchObject(status === 200 ? { id: 7, sub: 'alice' } : { statusCode: 401 });
});
