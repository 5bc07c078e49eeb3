import type { UmaService } from 'nestjs-oxd';
import { exchange, pretty, type Exchange } from './exchange.js';
import { GRANT_TYPE, type RegisteredClient } from './registered-client.js';

/** Response of the token endpoint (UMA 2.0 Grant §3.3.5 and §3.3.6). */
interface GrantAnswer {
  readonly access_token?: string;
  readonly error?: string;
  readonly ticket?: string;
}

/**
 * A client of the API: sends a request, exchanges the ticket for an RPT, and repeats the request. It
 * uses plain HTTP so that the page can show it; in an application, use `UmaService.getRpt()`.
 */
export class AlbumsClient {
  /** Requests and responses so far. */
  readonly exchanges: Exchange[] = [];

  /**
   * @param api origin of the API
   * @param uma service of the API: only a resource server may introspect an RPT
   */
  constructor(
    private readonly api: string,
    private readonly uma: UmaService,
    private readonly registered: RegisteredClient,
  ) {}

  /** Sends a request to the API. @returns the ticket of the challenge, if any */
  async ask(method: string, path: string, token?: string): Promise<string | undefined> {
    const headers = new Headers(token === undefined ? {} : { authorization: `Bearer ${token}` });
    const request = new Request(this.api + path, { method, headers });
    const answer = await this.send('Request of the client to the API', request);
    const challenge = answer.headers.get('www-authenticate') ?? '';
    return /^UMA .*\bticket="([^"]+)"/.exec(challenge)?.[1];
  }

  /**
   * Exchanges a ticket for an RPT. Uses the authorization server that the client is registered at,
   * whatever `as_uri` the API sends.
   *
   * @param rpt RPT to extend by the new permissions
   * @returns the RPT; undefined when denied
   */
  async getRpt(ticket: string, rpt?: string): Promise<string | undefined> {
    const { token_endpoint, authorization } = await this.registered.get();
    const body = new URLSearchParams({ grant_type: GRANT_TYPE, ticket, ...(rpt && { rpt }) });
    const request = new Request(token_endpoint, {
      method: 'POST',
      headers: { authorization },
      body,
    });
    const answer = await this.send('Exchange of the ticket at the authorization server', request);
    const { access_token, ...refusal } = answer.body as GrantAnswer;
    if (refusal.error === 'request_submitted') this.registered.waiting = refusal.ticket;
    if (access_token !== undefined) await this.lookAt(access_token);
    return access_token;
  }

  /** Sends a request without a token, and gets an RPT for the ticket in the response. */
  async obtain(method: string, path: string): Promise<string | undefined> {
    const ticket = await this.ask(method, path);
    return ticket && this.getRpt(ticket);
  }

  /** Gets an RPT; continues with the ticket of a pending owner decision, if any. */
  obtainFromOwner(method: string, path: string): Promise<string | undefined> {
    const { waiting } = this.registered;
    this.registered.waiting = undefined;
    return waiting === undefined ? this.obtain(method, path) : this.getRpt(waiting);
  }

  /** Gets an RPT, and repeats the request with it. */
  async enter(method: string, path: string): Promise<void> {
    const rpt = await this.obtain(method, path);
    if (rpt) await this.ask(method, path, rpt);
  }

  private async lookAt(rpt: string): Promise<void> {
    const title = 'Permissions of this RPT, as the API sees them (introspection)';
    const answer = pretty(await this.uma.introspectRpt({ rpt }));
    this.exchanges.push({ title, answer, refused: false });
  }

  private async send(title: string, request: Request) {
    const answered = await exchange(title, request);
    this.exchanges.push(answered.exchange);
    return answered;
  }
}
