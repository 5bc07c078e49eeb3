import 'reflect-metadata';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { OxdTransport } from 'nestjs-oxd';
import { ScriptedTransport } from 'nestjs-oxd/testing';
import { AppModule } from './app.module.js';

const transport = new ScriptedTransport({
  register_site: { oxd_id: 'site-1', op_host: 'https://op.example.com' },
  get_authorization_url: { authorization_url: 'https://op.example.com/authorize?state=abc' },
});

let app: INestApplication;

beforeAll(async () => {
  const module = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(OxdTransport)
    .useValue(transport)
    .compile();
  app = module.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
});

afterAll(() => app.close());

it('sends the browser to the provider with a cookie', async () => {
  const response = await fetch(`${await app.getUrl()}/login`, { redirect: 'manual' });
  expect(response.status).toBe(302);
  expect(response.headers.get('location')).toBe('https://op.example.com/authorize?state=abc');
  expect(response.headers.getSetCookie()).toHaveLength(1);
});

it('rejects a callback of a login that was not begun here', async () => {
  const response = await fetch(`${await app.getUrl()}/callback?state=abc&code=xyz`);
  expect(response.status).toBe(401);
});
