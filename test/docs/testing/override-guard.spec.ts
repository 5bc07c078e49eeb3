import type { ExecutionContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { OxdTransport, UmaGuard } from 'nestjs-oxd';
import { LoginGuard } from 'nestjs-oxd/passport';
import { ScriptedTransport } from 'nestjs-oxd/testing';
import request from 'supertest';
import { AppModule } from './app.module.js';

it('opens both controllers', async () => {
  const canActivate = (context: ExecutionContext) => {
    const user = { sub: 'alice', claims: { name: 'Alice' } };
    Object.assign(context.switchToHttp().getRequest<object>(), { user });
    return true;
  };
  const module = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(OxdTransport)
    .useValue(new ScriptedTransport())
    .overrideGuard(UmaGuard)
    .useValue({ canActivate: () => true })
    .overrideGuard(LoginGuard)
    .useValue({ canActivate })
    .compile();
  const app = await module.createNestApplication().init();
  await request(app.getHttpServer())
    .get('/albums/7')
    .expect(200, { id: 7, sub: 'unknown', scopes: [] });
  await request(app.getHttpServer()).get('/login').expect(200, { name: 'Alice' });
  await app.close();
});
