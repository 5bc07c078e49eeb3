import type { IncomingMessage, ServerResponse } from 'node:http';

/** Type of the used part of `oidc-provider`, which has no types. */
export interface OidcProvider {
  readonly AccessToken: { find(value: string): Promise<ProviderToken | undefined> };
  readonly Client: { find(id: string): Promise<ProviderClient | undefined> };
  readonly ClientCredentials: {
    new (of: { client: ProviderClient }): ProviderToken;
    find(value: string): Promise<ProviderToken | undefined>;
  };
  readonly Grant: {
    new (of: { accountId: string; clientId: string }): ProviderGrant;
    find(id: string): Promise<ProviderGrant | undefined>;
  };
  readonly IdToken: {
    /** Checks signature, issuer and audience; not the expiry. */
    validate(jwt: string, client: ProviderClient): Promise<{ readonly payload: IdTokenPayload }>;
  };
  readonly Session: {
    new (): ProviderSession;
    get(context: Context): Promise<ProviderSession>;
  };
  /** Koa's switch for printing errors; they are logged through the event `server_error` instead. */
  silent: boolean;
  callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  use(middleware: (context: Context, next: () => Promise<void>) => Promise<void>): void;
  on(event: 'grant.success', listener: (context: Context) => void): void;
  on(
    event: 'registration_delete.success',
    listener: (context: Context, client: ProviderClient) => void,
  ): void;
  on(event: 'server_error', listener: (context: Context, error: Error) => void): void;
  /** @param params names of the grant's parameters */
  registerGrantType(
    name: string,
    handler: (context: Context) => Promise<void>,
    params: readonly string[],
  ): void;
  cookieName(type: 'session'): string;
  createContext(
    request: IncomingMessage,
    response: ServerResponse,
  ): { readonly cookies: ProviderCookies };
  interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>;
  /** Stores the result. @returns URL to which to redirect the browser */
  interactionResult(
    request: IncomingMessage,
    response: ServerResponse,
    result: object,
    options?: { mergeWithLastSubmission: boolean },
  ): Promise<string>;
}

/** A Koa context with the additions of `oidc-provider` on its own routes. */
export interface Context {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly querystring: string;
  readonly cookies: ProviderCookies;
  status: number;
  type: string;
  body: unknown;
  /** Returns a request header; an empty string when it is missing. */
  get(name: string): string;
  set(name: string, value: string): void;
  redirect(url: string): void;
  readonly oidc: {
    readonly client?: ProviderClient;
    readonly params?: Readonly<Record<string, string | undefined>>;
    readonly session?: { readonly accountId?: string; readonly acr?: string };
    readonly entities: {
      readonly IdTokenHint?: { readonly payload: { readonly sub: string } };
      readonly AuthorizationCode?: ProviderLogin;
      readonly RefreshToken?: ProviderLogin;
    };
  };
}

/** Login in which a code or a refresh token was issued. */
interface ProviderLogin {
  readonly acr?: string;
  /** Seconds since 1970. */
  readonly authTime?: number;
}

/** A registered client. */
export interface ProviderClient {
  readonly clientId: string;
  readonly clientName?: string;
  readonly redirectUris?: readonly string[];
  /** Redirect URIs of claims gathering (UMA 2.0 Grant §2), in both spellings. */
  readonly claims_redirect_uris?: readonly string[];
  readonly claims_redirect_uri?: readonly string[];
  grantTypeAllowed(type: string): boolean;
}

/** An access token of a user or of a client itself; times are seconds. */
export interface ProviderToken {
  readonly kind: string;
  readonly clientId: string;
  /** The user it was issued for. */
  readonly accountId?: string;
  readonly scope?: string;
  readonly aud?: string;
  readonly exp?: number;
  readonly iat?: number;
  /** Lifetime of a new token. */
  readonly expiration: number;
  /** Claims that `extraTokenClaims` added. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** Claims for `extraTokenClaims` to add. */
  claims?: Readonly<Record<string, unknown>>;
  setAudience(audience: string): void;
  save(): Promise<string>;
}

/** Login session of a browser. */
export interface ProviderSession {
  readonly id: string;
  readonly uid: string;
  readonly accountId?: string;
  loginAccount(details: { readonly accountId: string; readonly acr: string }): void;
  /** @param ttl lifetime in seconds */
  save(ttl: number): Promise<unknown>;
}

/** Cookies of one request and its response; signed when the provider has keys. */
export interface ProviderCookies {
  get(name: string): string | undefined;
  set(name: string, value: string, options: object): void;
}

/** Subject and expiry of an ID token. */
export interface IdTokenPayload {
  readonly sub: string;
  readonly exp?: number;
}

/** Consent of a user to a client. */
export interface ProviderGrant {
  addOIDCScope(scope: string): void;
  addOIDCClaims(claims: readonly string[]): void;
  addResourceScope(resource: string, scope: string): void;
  save(): Promise<string>;
}

/** An authorization request that waits for the user. */
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
    readonly acr_values?: string;
  };
  readonly session?: { readonly accountId: string };
}
