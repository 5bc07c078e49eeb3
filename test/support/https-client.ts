import { checkServerIdentity } from 'node:tls';
import { Agent } from 'undici';

/** Response over HTTPS. */
export interface HttpsAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Request to an oxd over HTTPS; default `POST`. */
export interface HttpsQuestion {
  readonly path: string;
  readonly method?: string;
  /** Text, or an object to serialize as JSON. */
  readonly body?: string | object;
  /** Default `content-type: application/json`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Sends requests over one kept connection, without the transport of the package. */
export class HttpsClient {
  /** Connections opened since the start. */
  opened = 0;
  private readonly agent: Agent;

  constructor(
    private readonly url: string,
    ca: string,
  ) {
    const { hostname } = new URL(url);
    this.agent = new Agent({
      connections: 1,
      // Compares the certificate with the URL; undici would compare it with the header `host`.
      connect: { ca, checkServerIdentity: (_, cert) => checkServerIdentity(hostname, cert) },
    });
    this.agent.on('connect', () => void (this.opened += 1));
  }

  /** Sends a request and reads the whole response. */
  async ask({ method = 'POST', path, body, ...question }: HttpsQuestion): Promise<HttpsAnswer> {
    const { headers = { 'content-type': 'application/json' }, signal } = question;
    const response = await this.agent.request({
      ...{ origin: this.url, path, signal },
      // The type knows the usual methods only.
      method: method as 'POST',
      body: typeof body === 'object' ? JSON.stringify(body) : body,
      headers,
    });
    return {
      status: response.statusCode,
      contentType: String(response.headers['content-type']),
      body: await response.body.text(),
    };
  }

  /** Ends the connection and what is pending on it. */
  close(): Promise<void> {
    return this.agent.destroy();
  }
}
