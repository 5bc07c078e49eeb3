import type { ServerResponse } from 'node:http';
import type { Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { MemoryStore, OidcService, OxdError, OxdModule } from '../../lib/index.js';
import { OidcStrategy, type LoginRequest } from '../../lib/oidc/passport.js';
import { ScriptedTransport } from '../../lib/testing/testing.js';
import { registerSecret } from '../support/secrets.js';

const state = 'state-of-the-only-login';
const op_host = 'https://op.example.com';

async function moduleWith(strategy: Type<OidcStrategy>) {
  registerSecret(state);
  const tokens = { access_token: 'access-token-of-alice', id_token: 'id-token-of-alice' };
  Object.values(tokens).forEach(registerSecret);
  const transport = new ScriptedTransport({
    get_authorization_url: { authorization_url: `${op_host}/auth?state=${state}` },
    get_tokens_by_code: {
      ...tokens,
      id_token_claims: { sub: 'alice', iss: op_host, aud: 'client', iat: 1, exp: 2 },
    },
    get_user_info: { claims: { sub: 'alice' } },
  });
  const module = await Test.createTestingModule({
    imports: [
      OxdModule.forRoot({
        site: {
          op_host,
          authorization_redirect_uri: 'https://app.example.com/callback',
          oxd_id: 'site-1',
        },
        transport,
        secret: 'a test secret of more than 32 characters',
        store: new MemoryStore(),
      }),
    ],
    providers: [strategy],
  }).compile();
  module.useLogger(false);
  await module.init();
  const { cookies } = await module.get(OidcService).startLogin();
  return { module, cookie: cookies[0]?.split(';')[0] };
}

/**
 * Runs the strategy on a callback with an error; returns the reported error and the headers set.
 */
async function runDeniedCallback(headersSent: boolean) {
  const { module, cookie } = await moduleWith(OidcStrategy);
  const written: string[] = [];
  const res = {
    headersSent,
    setHeader() {
      if (headersSent) throw new Error('Cannot set headers after they are sent to the client');
    },
    appendHeader(name: string) {
      if (headersSent) throw new Error('Cannot set headers after they are sent to the client');
      written.push(name);
    },
  } as unknown as ServerResponse;
  const request = {
    url: `/callback?state=${state}&error=access_denied`,
    headers: { cookie },
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

describe('a login that the provider rejects', () => {
  it('removes its cookie', async () => {
    const { error, written } = await runDeniedCallback(false);
    expect([error.code, written]).toEqual(['OIDC_LOGIN_REFUSED', ['Set-Cookie']]);
  });

  it('is reported without cookies when the response was already sent', async () => {
    const { error, written } = await runDeniedCallback(true);
    expect([error.code, written]).toEqual(['OIDC_LOGIN_REFUSED', []]);
  });
});

/** LoginGuard would deny access anyway; a route with another guard relies on the failure. */
it('a user whom validate() rejects is a failure for Passport, never a success', async () => {
  class RejectingStrategy extends OidcStrategy {
    override validate = (): unknown => false;
  }
  const { module, cookie } = await moduleWith(RejectingStrategy);
  const reported = await new Promise<unknown>((resolve) => {
    const run = Object.create(module.get(RejectingStrategy)) as OidcStrategy;
    run.fail = (status) => resolve(['fail', status]);
    run.success = (user) => resolve(['success', user]);
    run.error = resolve;
    run.authenticate({
      url: `/callback?state=${state}&code=a-code`,
      headers: { cookie },
    } as LoginRequest);
  });
  await module.close();
  expect(reported).toEqual(['fail', 401]);
});
