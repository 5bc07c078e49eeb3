import type { UmaService } from 'nestjs-oxd';
import { exchange, pretty, type Exchange } from './exchange.js';
import { GRANT_TYPE, type RegisteredClient } from './registered-client.js';

/** What the authorization server answers (UMA 2.0 Grant §3.3.5 and §3.3.6). */
interface GrantAnswer {
  readonly access_token?: string;
  readonly error?: string;
  readonly ticket?: string;
}

/**
 * A client of the API: it asks, takes the ticket to the authorization server, and asks again. It
 * speaks HTTP by itself to show what is said; in your application `UmaService.getRpt()` does that.
 */
export class AlbumsClient {
  /** All that it has said and heard. */
  readonly exchanges: Exchange[] = [];

  /**
   * @param api where the API is
   * @param uma of the API, for nobody else may have an RPT looked at
   */
  constructor(
    private readonly api: string,
    private readonly uma: UmaService,
    private readonly registered: RegisteredClient,
  ) {}

  /** Asks the API. @returns the ticket in the answer, if there is one */
  async ask(method: string, path: string, token?: string): Promise<string | undefined> {
    const headers = new Headers(token === undefined ? {} : { authorization: `Bearer ${token}` });
    const request = new Request(this.api + path, { method, headers });
    const answer = await this.send('The client asks the API', request);
    const challenge = answer.headers.get('www-authenticate') ?? '';
    return /^UMA .*\bticket="([^"]+)"/.exec(challenge)?.[1];
  }

  /**
   * Exchanges a ticket for an RPT. It goes to the authorization server that the client knows,
   * whatever the API names in `as_uri`.
   *
   * @param rpt one that is to have the new permissions as well
   * @returns undefined where it is refused
   */
  async getRpt(ticket: string, rpt?: string): Promise<string | undefined> {
    const { token_endpoint, authorization } = await this.registered.get();
    const body = new URLSearchParams({ grant_type: GRANT_TYPE, ticket, ...(rpt && { rpt }) });
    const request = new Request(token_endpoint, {
      method: 'POST',
      headers: { authorization },
      body,
    });
    const answer = await this.send('It takes the ticket to the authorization server', request);
    const { access_token, ...refusal } = answer.body as GrantAnswer;
    if (refusal.error === 'request_submitted') this.registered.waiting = refusal.ticket;
    if (access_token !== undefined) await this.lookAt(access_token);
    return access_token;
  }

  /** Asks without a token, and gets an RPT for the ticket in the answer. */
  async obtain(method: string, path: string): Promise<string | undefined> {
    const ticket = await this.ask(method, path);
    return ticket && this.getRpt(ticket);
  }

  /** The same, but goes on with the ticket that waits for the owner, if there is one. */
  obtainFromOwner(method: string, path: string): Promise<string | undefined> {
    const { waiting } = this.registered;
    this.registered.waiting = undefined;
    return waiting === undefined ? this.obtain(method, path) : this.getRpt(waiting);
  }

  /** Gets an RPT, and asks with it. */
  async enter(method: string, path: string): Promise<void> {
    const rpt = await this.obtain(method, path);
    if (rpt) await this.ask(method, path, rpt);
  }

  private async lookAt(rpt: string): Promise<void> {
    const title = 'What this RPT allows, as the API hears when it asks (introspection)';
    const answer = pretty(await this.uma.introspectRpt({ rpt }));
    this.exchanges.push({ title, answer, refused: false });
  }

  private async send(title: string, request: Request) {
    const answered = await exchange(title, request);
    this.exchanges.push(answered.exchange);
    return answered;
  }
}
