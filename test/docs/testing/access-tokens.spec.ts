import { Controller, Delete, HttpCode, UseGuards, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { BearerGuard, BearerProtected, keycloakRoles, OxdModule } from 'nestjs-oxd';
import { TestIssuer, type TestTokenOptions } from 'nestjs-oxd/testing';
import request from 'supertest';

@Controller('albums')
@UseGuards(BearerGuard)
class AlbumsController {
  @Delete(':id')
  @HttpCode(204)
  @BearerProtected({ scopes: ['albums:write'], roles: ['editor'], max_age: 300 })
  remove() {}
}

let issuer: TestIssuer;
let app: INestApplication;

beforeAll(async () => {
  issuer = await TestIssuer.start();
  const oxd = OxdModule.forRoot({
    site: { op_host: issuer.issuer, client_id: 'albums-api', client_secret: 'any' },
    baseUrl: 'https://api.example.com',
    bearer: { audience: 'https://api.example.com', roles: keycloakRoles() },
    transport: { type: 'embedded', allowInsecureRequests: true },
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

async function remove(options: TestTokenOptions): Promise<number> {
  const token = await issuer.token({
    aud: 'https://api.example.com',
    scope: 'albums:write',
    roles: ['editor'],
    auth_time: Math.floor(Date.now() / 1000),
    ...options,
  });
  const { status } = await request(app.getHttpServer())
    .delete('/albums/7')
    .auth(token, { type: 'bearer' });
  return status;
}

it.each<{ name: string; options: TestTokenOptions; status: number }>([
  { name: 'with scope, role and a recent login', options: {}, status: 204 },
  { name: 'that is opaque', options: { form: 'opaque' }, status: 204 },
  { name: 'for another API', options: { aud: 'account' }, status: 401 },
  { name: 'that has expired', options: { expiresIn: -60 }, status: 401 },
  { name: 'without the scope', options: { scope: 'albums:read' }, status: 403 },
  { name: 'without the role', options: { roles: ['reader'] }, status: 403 },
  { name: 'of an old login', options: { auth_time: 1 }, status: 401 },
])('responds to a token $name with $status', async ({ options, status }) => {
  expect(await remove(options)).toBe(status);
});

it('accepts a token of a new key of the provider', async () => {
  await issuer.rotateKeys();
  expect(await remove({})).toBe(204);
});
