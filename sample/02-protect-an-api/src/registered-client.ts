import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { OxdOptions } from 'nestjs-oxd';

/** Grant type of UMA (UMA 2.0 Grant §3.3.1). */
export const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:uma-ticket';

/** Used part of the discovery document (UMA 2.0 Grant §2). */
interface Metadata {
  readonly token_endpoint: string;
  readonly registration_endpoint: string;
}

interface Registration {
  readonly client_id: string;
  readonly client_secret: string;
  readonly registration_client_uri?: string;
  readonly registration_access_token?: string;
}

/** Endpoint and credentials of a token request. */
interface Access {
  readonly token_endpoint: string;
  /** Value of the header `Authorization`. */
  readonly authorization: string;
}

/** Registration of the client, which differs from the client of the API. */
@Injectable()
export class RegisteredClient implements OnApplicationShutdown {
  /** Ticket to use again when the owner has decided. */
  waiting?: string;

  private access?: Promise<Access>;
  private own?: Registration;

  constructor(private readonly options: OxdOptions) {}

  /** Returns token endpoint and credentials. The first call registers the client. */
  get(): Promise<Access> {
    this.access ??= this.prepare().catch((error: unknown) => {
      this.access = undefined;
      throw error;
    });
    return this.access;
  }

  /** Deletes the registration (RFC 7592 §2.3). A server that is down has lost it anyway. */
  async onApplicationShutdown(): Promise<void> {
    const { registration_client_uri: uri, registration_access_token: token } = this.own ?? {};
    if (uri === undefined) return;
    const headers = { authorization: `Bearer ${token}` };
    await fetch(uri, { method: 'DELETE', headers }).catch(() => undefined);
  }

  private async prepare(): Promise<Access> {
    const { op_host, client_id, client_secret } = this.options.site;
    const metadata = await json<Metadata>(`${op_host}/.well-known/uma2-configuration`);
    const client =
      client_id !== undefined && client_secret !== undefined
        ? { client_id, client_secret }
        : (this.own = await register(metadata));
    const credentials = [client.client_id, client.client_secret].map(encodeURIComponent).join(':');
    const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
    return { token_endpoint: metadata.token_endpoint, authorization };
  }
}

/** Registers the client (RFC 7591 §3.1). */
function register({ registration_endpoint }: Metadata): Promise<Registration> {
  return json(registration_endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'Sample 02, the client',
      grant_types: [GRANT_TYPE],
      response_types: [],
      redirect_uris: [],
    }),
  });
}

async function json<T>(url: string, init?: RequestInit): Promise<T> {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${new URL(url).pathname} responded ${response.status}.`);
  return (await response.json()) as T;
}
