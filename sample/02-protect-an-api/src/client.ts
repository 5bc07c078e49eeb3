import { OxdError, type UmaService } from 'nestjs-oxd';

/** A question and its answer. Tickets and tokens in them are shortened: the page shows them. */
export interface Exchange {
  readonly title: string;
  readonly question: string;
  readonly answer: string;
  /** Whether the answer is a refusal. */
  readonly refused: boolean;
}

/** Headers that the page shows. */
const HEADERS = ['authorization', 'www-authenticate', 'warning', 'retry-after', 'cache-control'];

/** What names a secret, and its first characters. */
const SECRET = /((?:ticket|rpt|access_token|pct)"?[=:]\s*"|Bearer )([^"\s]{1,8})[^"\s]*/g;

/** A client of the API: it asks, takes the ticket to the authorization server, and asks again. */
export class AlbumsClient {
  /** All that it has said and heard. */
  readonly exchanges: Exchange[] = [];

  /** @param origin where the API is */
  constructor(
    private readonly uma: UmaService,
    private readonly origin: string,
  ) {}

  /** Asks the API. @returns the ticket in the answer, if there is one */
  async ask(method: string, path: string, token?: string): Promise<string | undefined> {
    const headers = new Headers(token === undefined ? {} : { authorization: `Bearer ${token}` });
    const response = await fetch(this.origin + path, { method, headers });
    const { status, statusText } = response;
    this.keep({
      title: 'The client asks the API',
      question: [`${method} ${path}`, ...shown(headers)].join('\n'),
      answer: [
        `${status} ${statusText}`,
        ...shown(response.headers),
        '',
        await response.text(),
      ].join('\n'),
      refused: !response.ok,
    });
    const challenge = response.headers.get('www-authenticate') ?? '';
    return /^UMA .*\bticket="([^"]+)"/.exec(challenge)?.[1];
  }

  /** Exchanges a ticket for an RPT and has it looked at. @returns undefined where it is refused */
  async getRpt(ticket: string): Promise<string | undefined> {
    const granted = await this.command(
      'It takes the ticket to the authorization server (uma-ticket grant)',
      `uma.getRpt({ ticket: "${ticket}" })`,
      this.uma.getRpt({ ticket }),
    );
    if (!granted) return undefined;
    const rpt = granted.access_token;
    await this.command(
      'What this RPT allows',
      `uma.introspectRpt({ rpt: "${rpt}" })`,
      this.uma.introspectRpt({ rpt }),
    );
    return rpt;
  }

  /** Asks without a token, and gets an RPT for the ticket in the answer. */
  async obtain(method: string, path: string): Promise<string | undefined> {
    const ticket = await this.ask(method, path);
    return ticket && this.getRpt(ticket);
  }

  private async command<R>(title: string, question: string, run: Promise<R>) {
    try {
      const result = await run;
      const answer = JSON.stringify(result, undefined, 2);
      this.keep({ title, question, answer, refused: false });
      return result;
    } catch (error) {
      if (!(error instanceof OxdError)) throw error;
      const answer = `${error.code}\n${error.message}`;
      this.keep({ title, question, answer, refused: true });
      return undefined;
    }
  }

  private keep({ question, answer, ...rest }: Exchange): void {
    this.exchanges.push({ ...rest, question: shortened(question), answer: shortened(answer) });
  }
}

function shown(headers: Headers): string[] {
  return HEADERS.filter((name) => headers.has(name)).map((name) => `${name}: ${headers.get(name)}`);
}

function shortened(text: string): string {
  return text.trim().replace(SECRET, '$1$2…');
}
