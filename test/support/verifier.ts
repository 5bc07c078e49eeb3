import { Test } from '@nestjs/testing';
import { AccessTokenVerifier } from '../../lib/access-token/access-token-verifier.js';
import { MemoryStore, OidcService, OxdClock, OxdModule } from '../../lib/index.js';
import { ManualClock } from './manual-clock.js';
import type { GivenOptions } from './oidc-service.js';

/** Verifier of a module, on embedded by default. */
export interface StartedVerifier {
  readonly verifier: AccessTokenVerifier;
  readonly oidc: OidcService;
  readonly clock: ManualClock;
  /** Lines that were logged as warnings. */
  readonly warnings: readonly string[];
  close(): Promise<void>;
}

/** Starts a module for its verifier, without HTTP. */
export async function startVerifier({ site, ...given }: GivenOptions): Promise<StartedVerifier> {
  const clock = new ManualClock();
  const warnings: string[] = [];
  const warn = (message: unknown): void => void warnings.push(String(message));
  const options = OxdModule.forRoot({
    transport: { type: 'embedded', allowInsecureRequests: true, timeout: 5000 },
    secret: 'a test secret of more than 32 characters',
    store: new MemoryStore({ clock: clock.now }),
    ...given,
    site: { authorization_redirect_uri: 'https://app.example.com/callback', ...site },
  });
  const module = await Test.createTestingModule({ imports: [options] })
    .overrideProvider(OxdClock)
    .useValue(clock)
    .setLogger({ warn, log: () => undefined, error: () => undefined })
    .compile();
  await module.init();
  const [verifier, oidc] = [module.get(AccessTokenVerifier), module.get(OidcService)];
  return { verifier, oidc, clock, warnings, close: () => module.close() };
}

/** Waits for a verification; its outcome without the token. */
export async function outcomeOf(verification: ReturnType<AccessTokenVerifier['verify']>) {
  const outcome = await verification;
  return 'rejected' in outcome
    ? outcome
    : { sub: outcome.sub, scopes: [...outcome.scopes], claims: outcome.claims };
}
