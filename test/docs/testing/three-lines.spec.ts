import { Test } from '@nestjs/testing';
import { OxdTestingModule } from 'nestjs-oxd/testing';
import request from 'supertest';
import { AlbumsController } from './app.module.js';

const imports = [OxdTestingModule.forRoot({ user: { sub: 'alice' } })];
const controllers = [AlbumsController];

it('shows the album to Alice', async () => {
  const module = await Test.createTestingModule({ imports, controllers }).compile();
  const app = await module.createNestApplication().init();
  await request(app.getHttpServer()).get('/albums/7').expect(200);
});
