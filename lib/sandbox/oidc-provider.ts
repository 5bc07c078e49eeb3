import type { IncomingMessage, ServerResponse } from 'node:http';
import { OxdConfigurationError } from '../errors.js';

/** What the sandbox uses of `oidc-provider`, which brings no types of its own. */
export interface OidcProvider {
  readonly Client: { find(id: string): Promise<ProviderClient | undefined> };
  readonly Grant: {
    new (of: { accountId: string; clientId: string }): ProviderGrant;
    find(id: string): Promise<ProviderGrant | undefined>;
  };
  /** Koa's: keeps it from printing errors; `server_error` tells them. */
  silent: boolean;
  callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  use(middleware: (context: Context, next: () => Promise<void>) => Promise<void>): void;
  on(event: 'grant.success', listener: (context: Context) => void): void;
  on(event: 'server_error', listener: (context: Context, error: Error) => void): void;
  interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>;
  /** Keeps the result. @returns where to send the browser next */
  interactionResult(
    request: IncomingMessage,
    response: ServerResponse,
    result: object,
    options?: { mergeWithLastSubmission: boolean },
  ): Promise<string>;
}

/** A Koa context, and what `oidc-provider` adds to it on its own routes. */
export interface Context {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  status: number;
  type: string;
  body: unknown;
  set(name: string, value: string): void;
  redirect(url: string): void;
  readonly oidc: {
    readonly client?: ProviderClient;
    readonly session?: { readonly accountId?: string };
    readonly entities: { readonly IdTokenHint?: { readonly payload: { readonly sub: string } } };
  };
}

/** A registered client. */
export interface ProviderClient {
  readonly clientId: string;
  readonly clientName?: string;
  grantTypeAllowed(type: string): boolean;
}

/** What a user allowed a client. */
export interface ProviderGrant {
  addOIDCScope(scope: string): void;
  addOIDCClaims(claims: readonly string[]): void;
  addResourceScope(resource: string, scope: string): void;
  save(): Promise<string>;
}

/** An authorization request that waits for its user. */
export interface Interaction {
  readonly uid: string;
  readonly grantId?: string;
  readonly prompt: {
    readonly name: string;
    readonly details: {
      readonly missingOIDCScope?: readonly string[];
      readonly missingOIDCClaims?: readonly string[];
      readonly missingResourceScopes?: Readonly<Record<string, readonly string[]>>;
    };
  };
  readonly params: {
    readonly client_id: string;
    readonly redirect_uri: string;
    readonly login_hint?: string;
  };
  readonly session?: { readonly accountId: string };
}

type ProviderClass = new (issuer: string, configuration: object) => OidcProvider;

/**
 * Loads the optional peer `oidc-provider`.
 *
 * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when it is not installed
 */
export async function loadOidcProvider(): Promise<ProviderClass> {
  try {
    // @ts-expect-error -- the package has no types; the part in use is described above
    const { Provider } = (await import('oidc-provider')) as { Provider: ProviderClass };
    return Provider;
  } catch (cause) {
    throw new OxdConfigurationError(
      [
        'sandbox: needs the package oidc-provider; install it: npm install --save-dev oidc-provider',
      ],
      { cause },
    );
  }
}
