import { Test } from '@nestjs/testing';
import { OxdTransport } from 'nestjs-oxd';
import { ScriptedTransport } from 'nestjs-oxd/testing';
import request from 'supertest';
import { AppModule } from './app.module.js';

const denied = {
  access: 'denied',
  ticket: 'ticket-1',
  'www-authenticate_header': 'UMA as_uri="https://as.example.com", ticket="ticket-1"',
} as const;

it('grants a valid token only', async () => {
  const transport = new ScriptedTransport({
    register_site: { oxd_id: 'site-1', op_host: 'https://op.example.com' },
    uma_rs_protect: { oxd_id: 'site-1' },
    uma_rs_check_access: ({ rpt }) => (rpt === 'valid' ? { access: 'granted' } : denied),
  });
  const module = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(OxdTransport)
    .useValue(transport)
    .compile();
  const app = module.createNestApplication();
  await app.listen(0);
  const get = (token: string) =>
    request(app.getHttpServer()).get('/albums/7').auth(token, { type: 'bearer' });
  expect((await get('valid')).status).toBe(200);
  expect((await get('other')).status).toBe(401);
  await app.close();
});
