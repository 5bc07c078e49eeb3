import {
  OxdError,
  RequestSubmittedError,
  type UmaRpGetRptParams,
  type UmaService,
} from 'nestjs-oxd';
import { errorText, exchange, pretty, type Exchange } from './exchange.js';
import { userOf, type Visitor } from './session.js';

const ID_TOKEN = 'http://openid.net/specs/openid-connect-core-1_0.html#IDToken';

/**
 * A client of the API that acts for one visitor: sends a request, exchanges the ticket for an RPT, and
 * repeats the request.
 */
export class AlbumsClient {
  /** Requests and responses so far. */
  readonly exchanges: Exchange[] = [];
  /** `OK`, the status of the last response of the API, or the code of the last error. */
  outcome = '';

  /** @param api origin of the API */
  constructor(
    private readonly api: string,
    private readonly uma: UmaService,
    private readonly visitor: Visitor,
  ) {}

  /** Sends a request to the API. @returns the ticket of the challenge, if any */
  async ask(method: string, path: string, token?: string): Promise<string | undefined> {
    const headers = new Headers(token === undefined ? {} : { authorization: `Bearer ${token}` });
    const request = new Request(this.api + path, { method, headers });
    const title = `The client asks the API${token === undefined ? '' : ', with a token'}`;
    const answered = await exchange(title, request);
    this.exchanges.push(answered.exchange);
    this.outcome = answered.ok ? 'OK' : String(answered.status);
    // The API looks up no malformed token.
    if (token !== undefined && answered.status !== 400) await this.introspect(token);
    const challenge = answered.headers.get('www-authenticate') ?? '';
    return /^UMA .*\bticket="([^"]+)"/.exec(challenge)?.[1];
  }

  /**
   * Exchanges a ticket for an RPT, at the authorization server of the options: the API must not choose
   * the receiver of tokens, whatever its `as_uri` is.
   *
   * @returns the RPT; undefined when the authorization server issued none
   */
  async getRpt(params: UmaRpGetRptParams): Promise<string | undefined> {
    const title = 'The client takes the ticket to the authorization server';
    const question = `uma.getRpt(${pretty(params)})`;
    return (await this.show(title, question, () => this.uma.getRpt(params)))?.access_token;
  }

  /** Sends a request without a token, and gets an RPT for the ticket of the response. */
  async obtain(method: string, path: string): Promise<string | undefined> {
    const ticket = await this.ask(method, path);
    return ticket === undefined ? undefined : this.getRpt({ ticket });
  }

  /** Gets an RPT, and repeats the request with it. */
  async enter(method: string, path: string): Promise<void> {
    const rpt = await this.obtain(method, path);
    if (rpt !== undefined) await this.ask(method, path, rpt);
  }

  /** Gets an RPT for the ticket and the visitor's ID token, which proves who the visitor is. */
  async getRptAsVisitor(ticket: string): Promise<string | undefined> {
    const claim_token = userOf(this.visitor)?.tokens.id_token;
    const identity = claim_token && { claim_token, claim_token_format: ID_TOKEN };
    return this.getRpt({ ticket, ...identity });
  }

  /** Takes the ticket that waits for the owner's decision, if any. */
  takeWaiting(): string | undefined {
    const { waiting } = this.visitor;
    delete this.visitor.waiting;
    return waiting;
  }

  /** Shows what the guard of the API looks up for a request with a token. */
  private async introspect(rpt: string): Promise<void> {
    const title = 'What the API saw when it looked up the token at the authorization server';
    const question = `uma.introspectRpt(${pretty({ rpt })})`;
    await this.show(title, question, () => this.uma.introspectRpt({ rpt }));
  }

  private async show<T>(title: string, question: string, work: () => Promise<T>) {
    try {
      const result = await work();
      this.exchanges.push({ title, question, answer: pretty(result), refused: false });
      return result;
    } catch (error) {
      if (!(error instanceof OxdError)) throw error;
      // oxd 3.1.1 cannot introspect an RPT: the page omits that.
      if (error.code === 'OXD_COMMAND_UNSUPPORTED') return undefined;
      this.exchanges.push({ title, question, answer: errorText(error), refused: true });
      this.outcome = error.code;
      // Only the next attempt of this visitor continues with the new ticket.
      if (error instanceof RequestSubmittedError) this.visitor.waiting = error.ticket;
      return undefined;
    }
  }
}
