import type { ServerResponse } from 'node:http';
import { Test } from '@nestjs/testing';
import { MemoryStore, OidcService, OxdError, OxdModule } from '../../lib/index.js';
import { OidcStrategy, type LoginRequest } from '../../lib/oidc/oidc.strategy.js';
import { ScriptedTransport } from '../../lib/testing/testing.js';
import { registerSecret } from '../support/secrets.js';

const state = 'state-of-the-only-login';

/** Answers a callback as Passport does, and tells what the strategy reports to it. */
async function refusalAfter(headersSent: boolean) {
  registerSecret(state);
  const transport = new ScriptedTransport({
    get_authorization_url: { authorization_url: `https://op.example.com/auth?state=${state}` },
  });
  const module = await Test.createTestingModule({
    imports: [
      OxdModule.forRoot({
        site: {
          op_host: 'https://op.example.com',
          authorization_redirect_uri: 'https://app.example.com/callback',
          oxd_id: 'site-1',
        },
        transport,
        secret: 'a test secret of more than 32 characters',
        store: new MemoryStore(),
      }),
    ],
    providers: [OidcStrategy],
  }).compile();
  module.useLogger(false);
  await module.init();
  const { cookies } = await module.get(OidcService).startLogin();
  const written: string[] = [];
  const res = {
    headersSent,
    appendHeader(name: string) {
      if (headersSent) throw new Error('Cannot set headers after they are sent to the client');
      written.push(name);
    },
  } as unknown as ServerResponse;
  const request = {
    url: `/callback?state=${state}&error=access_denied`,
    headers: { cookie: cookies[0]?.split(';')[0] },
    res,
  } as LoginRequest;
  const error = await new Promise<unknown>((resolve) => {
    const run = Object.create(module.get(OidcStrategy)) as OidcStrategy;
    run.error = resolve;
    run.authenticate(request);
  });
  await module.close();
  return { error: error as OxdError, written };
}

describe('a refused login', () => {
  it('removes its cookie', async () => {
    const { error, written } = await refusalAfter(false);
    expect([error.code, written]).toEqual(['OIDC_LOGIN_REFUSED', ['Set-Cookie']]);
  });

  it('is reported all the same where somebody has answered already', async () => {
    const { error, written } = await refusalAfter(true);
    expect([error.code, written]).toEqual(['OIDC_LOGIN_REFUSED', []]);
  });
});
