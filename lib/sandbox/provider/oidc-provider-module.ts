import { loadPeer } from '../../base/optional-peer.js';
import type { Context, OidcProvider } from './oidc-provider.js';
import { withoutRuntimeWarning } from './runtime-warning.js';

/** Rules that decide when the user must log in or consent. */
export interface InteractionPolicy {
  /** Returns the rules of a prompt. */
  get(prompt: 'login'): { readonly checks: { add(check: object): void } };
}

/** Used exports of the package. */
export interface OidcProviderModule {
  readonly Provider: new (issuer: string, configuration: object) => OidcProvider;
  readonly errors: {
    readonly InvalidClientMetadata: new (description: string) => Error;
  };
  readonly interactionPolicy: {
    /**
     * @param error error code if the request forbids the prompt
     * @param check returns true when the prompt is needed
     */
    readonly Check: new (
      reason: string,
      description: string,
      error: string,
      check: (context: Context) => boolean,
    ) => object;
    base(): InteractionPolicy;
  };
}

/**
 * Loads the optional peer `oidc-provider`.
 *
 * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when it is not installed or cannot be
 *   loaded
 */
export function loadOidcProvider(): Promise<OidcProviderModule> {
  return loadPeer({ neededBy: 'sandbox', name: 'oidc-provider' }, () =>
    withoutRuntimeWarning(async () => {
      // @ts-expect-error -- the package has no types; the used part is declared above
      return (await import('oidc-provider')) as OidcProviderModule;
    }),
  );
}
