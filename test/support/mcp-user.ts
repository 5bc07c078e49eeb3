import {
  Client,
  StreamableHTTPClientTransport,
  UnauthorizedError,
  type OAuthClientInformationMixed,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type OAuthTokens,
} from '@modelcontextprotocol/client';
import { Browser, passSandbox } from './browser.js';
import { registerSecret } from './secrets.js';

/** User of an MCP client, who logs in at the sandbox whenever the client requests it. */
export class McpUser implements OAuthClientProvider {
  readonly redirectUrl = 'http://localhost:4321/callback';
  readonly clientMetadata = {
    client_name: 'MCP client',
    redirect_uris: [this.redirectUrl],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
  };
  /** Authorization requests so far. */
  readonly logins: URL[] = [];
  /** Responses of the MCP server with a challenge: status and `WWW-Authenticate`. */
  readonly challenges: (readonly [status: number, challenge: string])[] = [];
  private readonly browser = new Browser();
  private client?: OAuthClientInformationMixed;
  private issued?: OAuthTokens;
  private verifier = '';
  private discovered?: OAuthDiscoveryState;

  /** @param server address of the MCP server; all that the user gives to the client */
  constructor(
    private readonly server: string,
    private readonly username: string,
  ) {}

  /** Runs `work` with a connected client; logs in and runs it again when the client demands that. */
  async run<T>(work: (client: Client) => Promise<T>): Promise<T> {
    try {
      return await this.attempt(work);
    } catch (error) {
      if (!(error instanceof UnauthorizedError)) throw error;
      await this.logIn();
      return this.attempt(work);
    }
  }

  clientInformation() {
    return this.client;
  }

  saveClientInformation(client: OAuthClientInformationMixed) {
    this.client = client;
  }

  tokens() {
    return this.issued;
  }

  saveTokens(tokens: OAuthTokens) {
    registerSecret(tokens.access_token);
    this.issued = tokens;
  }

  redirectToAuthorization(url: URL) {
    this.logins.push(url);
  }

  saveCodeVerifier(verifier: string) {
    registerSecret(verifier);
    this.verifier = verifier;
  }

  codeVerifier() {
    return this.verifier;
  }

  discoveryState() {
    return this.discovered;
  }

  saveDiscoveryState(state: OAuthDiscoveryState) {
    this.discovered = state;
  }

  private async attempt<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const client = new Client({ name: 'test', version: '1.0.0' });
    try {
      await client.connect(this.transport());
      return await work(client);
    } finally {
      await client.close();
    }
  }

  /** Completes the pages of the last authorization request, and exchanges the code. */
  private async logIn(): Promise<void> {
    const atClient = (url: string) => url.startsWith(this.redirectUrl);
    const [url = ''] = this.logins.slice(-1).map(String);
    const answers = { username: this.username };
    const { location = '' } = await passSandbox(this.browser, url, answers, atClient);
    await this.transport().finishAuth(new URL(location).searchParams);
  }

  private transport(): StreamableHTTPClientTransport {
    const record = async (url: string | URL, init?: RequestInit) => {
      const response = await fetch(url, init);
      const challenge = response.headers.get('www-authenticate');
      if (challenge !== null) this.challenges.push([response.status, challenge]);
      return response;
    };
    const options = { authProvider: this, fetch: record };
    return new StreamableHTTPClientTransport(new URL(this.server), options);
  }
}
