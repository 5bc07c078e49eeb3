import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { registerSecret } from '../support/secrets.js';
import { LIMIT } from './admin.js';
import type { Api } from './api.js';
import type { Realm, RequestingClient, User } from './realm.js';

const UMA_GRANT = 'urn:ietf:params:oauth:grant-type:uma-ticket';

/** Time for which an access token is used, in milliseconds: less than the 300 s that it lives. */
const TOKEN_USE = 120_000;

/** Response of the token endpoint. */
interface TokenResponse {
  readonly access_token?: string;
  readonly id_token?: string;
  readonly refresh_token?: string;
  readonly error?: string;
}

/** A user at a client that requests access, as any UMA client does: without code of this product. */
export class RequestingParty {
  private tokens?: { readonly value: TokenResponse; readonly until: number };

  constructor(
    readonly realm: Realm,
    readonly user: User,
    readonly client: RequestingClient,
  ) {}

  /** The user's access token. */
  async accessToken(): Promise<string> {
    return (await this.logIn()).access_token ?? '';
  }

  /** Access token that Keycloak binds to a new key of the client (RFC 9449). */
  async boundToken(): Promise<string> {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const proof = await new SignJWT({ htm: 'POST', htu: tokenEndpoint(this.realm) })
      .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: await exportJWK(publicKey) })
      .setJti(randomUUID())
      .setIssuedAt()
      .sign(privateKey);
    const { access_token = '' } = await this.requestTokens({ DPoP: proof });
    return access_token;
  }

  /** Tokens of the user; the user logs in again when they have been used for a while. */
  async logIn(): Promise<TokenResponse> {
    if (this.tokens && Date.now() < this.tokens.until) return this.tokens.value;
    const value = await this.requestTokens();
    this.tokens = { value, until: Date.now() + TOKEN_USE };
    return value;
  }

  /** Exchanges a ticket; undefined if Keycloak denies the request. */
  async exchange(ticket: string, rpt?: string): Promise<string | undefined> {
    const { access_token, error } = await tokenRequest(
      this.realm,
      { grant_type: UMA_GRANT, ticket, submit_request: 'false', ...(rpt && { rpt }) },
      bearer(await this.accessToken()),
    );
    if (error !== undefined && error !== 'access_denied') throw new Error(`No RPT: ${error}`);
    return access_token;
  }

  /** Obtains an RPT for a route; undefined if Keycloak denies the request. */
  async rptFor(api: Api, path: string): Promise<string | undefined> {
    const { ticket, status } = await api.ask(path);
    if (ticket === undefined) throw new Error(`No ticket for ${path}, but ${status}.`);
    return this.exchange(ticket);
  }

  /** Status of a route after the whole flow: 401 if Keycloak issues no RPT. */
  async visit(api: Api, path: string): Promise<number> {
    const rpt = await this.rptFor(api, path);
    return rpt === undefined ? 401 : (await api.ask(path, rpt)).status;
  }

  /** One RPT with all that Keycloak grants this user at a resource server. */
  async rptForEverything(audience: string): Promise<string> {
    const form = { grant_type: UMA_GRANT, audience };
    const { access_token, error } = await tokenRequest(
      this.realm,
      form,
      bearer(await this.accessToken()),
    );
    if (!access_token) throw new Error(`No RPT: ${error}`);
    return access_token;
  }

  /** Ends the user's session at Keycloak. */
  async logOut(): Promise<void> {
    const { refresh_token = '' } = await this.logIn();
    this.tokens = undefined;
    await this.post('logout', { refresh_token });
  }

  /** Revokes a token of this client. */
  async revoke(token: string): Promise<void> {
    await this.post('revoke', { token });
  }

  private async requestTokens(headers?: Readonly<Record<string, string>>): Promise<TokenResponse> {
    const form = {
      grant_type: 'password',
      scope: 'openid',
      username: this.user,
      password: this.realm.secretOf(this.user) ?? '',
      ...clientCredentials(this.realm, this.client),
    };
    const value = await tokenRequest(this.realm, form, headers);
    if (!value.access_token) throw new Error(`${this.user} cannot log in: ${value.error}`);
    return value;
  }

  private async post(endpoint: string, form: Readonly<Record<string, string>>): Promise<void> {
    const response = await fetch(`${this.realm.issuer}/protocol/openid-connect/${endpoint}`, {
      method: 'POST',
      body: new URLSearchParams({ ...form, ...clientCredentials(this.realm, this.client) }),
    });
    if (!response.ok) throw new Error(`${endpoint} failed: ${response.status}`);
  }
}

/** Access token of a client that has none of a user. */
export async function clientToken(realm: Realm, clientId: string): Promise<string> {
  const credentials = clientCredentials(realm, clientId);
  const form = { grant_type: 'client_credentials', ...credentials };
  const { access_token, error } = await tokenRequest(realm, form);
  if (!access_token) throw new Error(`No token for ${clientId}: ${error}`);
  return access_token;
}

function tokenEndpoint({ issuer }: Realm): string {
  return `${issuer}/protocol/openid-connect/token`;
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

function clientCredentials(realm: Realm, client_id: string): Record<string, string> {
  const client_secret = realm.secretOf(client_id);
  return { client_id, ...(client_secret !== undefined && { client_secret }) };
}

async function tokenRequest(
  realm: Realm,
  form: Readonly<Record<string, string>>,
  headers?: Readonly<Record<string, string>>,
): Promise<TokenResponse> {
  const response = await fetch(tokenEndpoint(realm), {
    method: 'POST',
    headers,
    body: new URLSearchParams(form),
    signal: AbortSignal.timeout(LIMIT),
  });
  const tokens = (await response.json()) as TokenResponse;
  const { access_token, id_token, refresh_token } = tokens;
  for (const value of [access_token, id_token, refresh_token]) registerSecret(value ?? '');
  return tokens;
}
