import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { OxdModule } from 'nestjs-oxd';
import { OidcStrategy } from 'nestjs-oxd/passport';
import { startSandbox, type Sandbox } from 'nestjs-oxd/sandbox';
import request from 'supertest';
import { LoginController } from './app.module.js';

let sandbox: Sandbox;
let app: INestApplication;

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, quiet: true });
  const oxd = OxdModule.forRoot({
    site: {
      op_host: sandbox.issuer,
      authorization_redirect_uri: 'http://localhost:3000/callback',
    },
    transport: { type: 'embedded', allowInsecureRequests: true },
  });
  const module = await Test.createTestingModule({
    imports: [oxd],
    controllers: [LoginController],
    providers: [OidcStrategy],
  }).compile();
  app = await module.createNestApplication().init();
}, 60_000);

afterAll(async () => {
  await app.close();
  await sandbox.close();
});

it('logs a user of the sandbox in', async () => {
  const browser = request.agent(app.getHttpServer());
  const provider = request.agent(sandbox.issuer);
  const started = await browser.get('/login').expect(302);
  const loginPage = await provider.get(pathOf(started.headers.location)).redirects(2);
  const user = { login: 'zoe', password: 'sandbox', decision: 'allow' };
  const submit = (page: request.Response, form: object) =>
    provider.post(pathOf(page.request.url)).type('form').send(form);
  const consentPage = await submit(loginPage, user).redirects(2);
  const finished = await submit(consentPage, { decision: 'allow' }).redirects(1).expect(303);
  const { body } = await browser.get(pathOf(finished.headers.location)).expect(200);
  expect(body).toEqual({ name: 'Zoë Nováková' });
});

function pathOf(url = '') {
  const { pathname, search } = new URL(url);
  return pathname + search;
}
