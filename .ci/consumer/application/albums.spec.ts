import 'reflect-metadata';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { OxdTransport, UmaGuard } from 'nestjs-oxd';
import { ScriptedTransport } from 'nestjs-oxd/testing';
import { AppModule } from './app.module.js';

/** Any command rejects: no provider is needed. */
const transport = new ScriptedTransport({});

let app: INestApplication;

afterEach(() => app.close());

it('denies an album without a decision', async () => {
  const module = Test.createTestingModule({ imports: [AppModule] });
  app = await started(module.overrideProvider(OxdTransport).useValue(transport));
  expect((await fetch(`${await app.getUrl()}/albums/7`)).status).toBe(503);
});

it('finds an album when the guard is replaced', async () => {
  const module = Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(OxdTransport)
    .useValue(transport);
  app = await started(module.overrideGuard(UmaGuard).useValue({ canActivate: () => true }));
  const response = await fetch(`${await app.getUrl()}/albums/7`);
  expect(await response.json()).toEqual({ id: 7, sub: null });
});

async function started(module: ReturnType<typeof Test.createTestingModule>) {
  const application = (await module.compile()).createNestApplication({ logger: false });
  return application.listen(0, '127.0.0.1').then(() => application);
}
