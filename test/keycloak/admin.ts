import { registerSecret } from '../support/secrets.js';

/** Longer than a request, shorter than the minute that a token of the administrator lives. */
const TOKEN_USE = 30_000;

/** Limit for one request of a test, in milliseconds: it fails while Keycloak is frozen. */
export const LIMIT = 60_000;

/** Base URL of the Keycloak of this run. */
export const KEYCLOAK = required('KEYCLOAK_URL').replace(/\/$/, '');

/** The admin REST API of Keycloak. */
class Admin {
  private token?: { readonly value: string; readonly until: number };

  /** Sends a request; `path` begins after `/admin/realms`. Rejects unless the status is 2xx. */
  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${KEYCLOAK}/admin/realms${path}`, {
      method,
      headers: {
        authorization: `Bearer ${await this.accessToken()}`,
        'content-type': 'application/json',
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(LIMIT),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  private async accessToken(): Promise<string> {
    if (this.token && Date.now() < this.token.until) return this.token.value;
    const response = await fetch(`${KEYCLOAK}/realms/master/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'password',
        client_id: 'admin-cli',
        username: required('KEYCLOAK_ADMIN'),
        password: required('KEYCLOAK_ADMIN_PASSWORD'),
      }),
    });
    if (!response.ok) {
      throw new Error(`Keycloak rejected KEYCLOAK_ADMIN and its password: ${response.status}`);
    }
    const { access_token } = (await response.json()) as { access_token: string };
    registerSecret(access_token);
    this.token = { value: access_token, until: Date.now() + TOKEN_USE };
    return access_token;
  }
}

/** The administrator of the Keycloak of this run. */
export const admin = new Admin();

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set. Start this suite with npm run test:keycloak.`);
  return value;
}
