import { exchange, type Exchange } from './exchange.js';
import { html, type Html } from './html.js';

/** A button of the page, with its explanation. */
export interface Step {
  /** Name in the URL. */
  readonly name: string;
  readonly title: string;
  readonly text: Html;
  /** Label of the button. */
  readonly label: string;
  /** True when only a logged-in visitor can run it. */
  readonly needsUser: boolean;
  /**
   * @param api origin of the API
   * @param token access token of the visitor
   */
  readonly run: (api: string, token?: string) => Promise<readonly Exchange[]>;
  /** Sentence about `OK`, and about each `error` of a response. */
  readonly results: Readonly<Record<string, Html>>;
}

const ALBUMS = '/api/albums';

export const STEPS: readonly Step[] = [
  {
    name: 'nobody',
    title: 'Without a token',
    label: 'Ask without a token',
    needsUser: false,
    text: html`<p>
      The API responds with 401 and a <dfn>challenge</dfn>, which names the document with its
      authorization server.
    </p>`,
    run: async (api) => [await ask(api, 'GET', ALBUMS)],
    results: { BEARER_TOKEN_REQUIRED: html`No albums: the API demands a token.` },
  },
  {
    name: 'read',
    title: 'A scope',
    label: 'Read the albums',
    needsUser: true,
    text: html`<p>
      A <dfn>scope</dfn> is what you allowed this application to do for you. To read, the token
      needs <code>albums:read</code>. The API checks the token itself, by the signature.
    </p>`,
    run: async (api, token) => [await ask(api, 'GET', ALBUMS, token)],
    results: { OK: html`The token has the scope.` },
  },
  {
    name: 'add',
    title: 'A scope and a role',
    label: 'Add an album',
    needsUser: true,
    text: html`<p>
      A <dfn>role</dfn> is what you are. To add an album, the token needs the scope
      <code>albums:write</code>, and you must be <code>editor</code> or <code>admin</code>. Zoë is
      both, Eleni is editor, Amara is neither.
    </p>`,
    run: async (api, token) => [await ask(api, 'POST', ALBUMS, token)],
    results: {
      OK: html`Added: the token has the scope, and you have a role.`,
      BEARER_INSUFFICIENT_SCOPE: html`Not added: you allowed this application to read only.
        <a href="/login?write&amp;returnTo=/%23add">Allow it to write</a>, and ask again.`,
      BEARER_INSUFFICIENT_ROLE: html`Not added: you have neither role, and no login changes that.
        <a href="/login?other&amp;write&amp;returnTo=/%23add">Log in as Zoë or Eleni</a>.`,
    },
  },
  {
    name: 'remove',
    title: 'A stronger login',
    label: 'Remove an album',
    needsUser: true,
    text: html`<p>
      Only an <code>admin</code> removes, and only within five minutes of a login with a one-time
      code. The token states both: how you logged in (<code>acr</code>) and when
      (<code>auth_time</code>). The response to another login is the <dfn>step-up</dfn> challenge.
    </p>`,
    run: async (api, token) => [await ask(api, 'DELETE', `${ALBUMS}/homogenic`, token)],
    results: {
      OK: html`Removed.`,
      BEARER_INSUFFICIENT_SCOPE: html`Not removed: you allowed this application to read only.
        <a href="/login?write&amp;returnTo=/%23remove">Allow it to write</a>, and ask again.`,
      BEARER_INSUFFICIENT_ROLE: html`Not removed: you are no admin.
        <a href="/login?other&amp;write&amp;returnTo=/%23remove">Log in as Zoë</a>.`,
      BEARER_STEP_UP_REQUIRED: html`Not removed: the password is not enough, or too long ago.
        <a href="/login?write&amp;strong&amp;returnTo=/%23remove">Log in with a one-time code</a>,
        and ask again.`,
    },
  },
  {
    name: 'mcp',
    title: 'An MCP client',
    label: 'Ask as an MCP client',
    needsUser: false,
    text: html`<p>
      The same albums are tools of an <dfn>MCP server</dfn>, at <code>/mcp</code>. A client that
      knows only this address finds the rest: the challenge names a document, the document names the
      authorization server, there the client registers itself and logs you in. Try it with a client
      of your own.
    </p>`,
    run: async (api) => [
      await ask(api, 'POST', '/mcp'),
      await ask(api, 'GET', '/.well-known/oauth-protected-resource/mcp'),
    ],
    results: {
      OK: html`Now the client knows where to log in, for which resource, and with which scope.`,
    },
  },
];

function ask(api: string, method: string, path: string, token?: string): Promise<Exchange> {
  const headers = new Headers(token === undefined ? {} : { authorization: `Bearer ${token}` });
  const title = `The client asks${token === undefined ? '' : ', with a token'}`;
  return exchange(title, new Request(api + path, { method, headers }));
}
