import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { OxdTestingModule } from 'nestjs-oxd/testing';
import request from 'supertest';
import { AppModule, oxd } from './app.module.js';

let app: INestApplication;

beforeAll(async () => {
  const testing = OxdTestingModule.forRoot({
    user: { sub: 'alice', claims: { name: 'Alice' } },
    permissions: [{ resource_id: 'album-7', resource_scopes: ['view'] }],
    grant: ({ headers }) => headers.authorization === 'Bearer token-of-alice',
  });
  const module = await Test.createTestingModule({ imports: [AppModule] })
    .overrideModule(oxd)
    .useModule(testing)
    .compile();
  app = await module.createNestApplication().init();
});

afterAll(() => app.close());

it('shows the album to Alice', () =>
  request(app.getHttpServer())
    .get('/albums/7')
    .auth('token-of-alice', { type: 'bearer' })
    .expect(200, { id: 7, sub: 'alice', scopes: ['view'] }));

it('denies the album to other clients, with a ticket', () =>
  request(app.getHttpServer())
    .get('/albums/7')
    .expect(401)
    .expect('WWW-Authenticate', /^UMA realm=".+", as_uri=".+", ticket=".+"$/));

it('logs Alice in', () =>
  request(app.getHttpServer())
    .get('/login')
    .auth('token-of-alice', { type: 'bearer' })
    .expect(200, { name: 'Alice' }));

it('sends other browsers to the provider', () =>
  request(app.getHttpServer()).get('/login').expect(302));
