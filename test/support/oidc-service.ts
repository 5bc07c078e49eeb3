import { Test } from '@nestjs/testing';
import {
  MemoryStore,
  OidcService,
  OxdClock,
  OxdModule,
  type OxdModuleOptions,
} from '../../lib/index.js';
import { ManualClock } from './manual-clock.js';

/** Options of a test; `site` without the parameters that have a default here. */
export type GivenOptions = Omit<Partial<OxdModuleOptions>, 'site'> & {
  readonly site: Partial<OxdModuleOptions['site']> & { readonly op_host: string };
};

/** Service of a module, on embedded by default. */
export interface StartedService {
  readonly oidc: OidcService;
  /** Lines that were logged as warnings. */
  readonly warnings: readonly string[];
  /** Clock of the module; stands still until a test advances it. */
  readonly clock: ManualClock;
  close(): Promise<void>;
}

/** Starts a module for the service of a login, without HTTP; a clock may be that of other modules. */
export async function startService(
  { site, ...given }: GivenOptions,
  clock = new ManualClock(),
): Promise<StartedService> {
  const options = OxdModule.forRoot({
    transport: { type: 'embedded', allowInsecureRequests: true },
    secret: 'a test secret of more than 32 characters',
    store: new MemoryStore(),
    ...given,
    site: { authorization_redirect_uri: 'https://app.example.com/callback', ...site },
  });
  const warnings: string[] = [];
  const warn = (message: unknown): void => void warnings.push(String(message));
  const module = await Test.createTestingModule({ imports: [options] })
    .overrideProvider(OxdClock)
    .useValue(clock)
    .setLogger({ warn, log: () => undefined, error: () => undefined })
    .compile();
  await module.init();
  return { oidc: module.get(OidcService), warnings, clock, close: () => module.close() };
}

/** The `Cookie` header of a browser that got these `Set-Cookie` values. */
export function cookieHeader(cookies: readonly string[]): string {
  return cookies.map((cookie) => cookie.split(';')[0]).join('; ');
}
