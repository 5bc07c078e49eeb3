import type { AlbumsClient } from './client.js';
import { html, type Html } from './html.js';

/** A button of the page, with its explanation. */
export interface Step {
  /** Name in the URL. */
  readonly name: string;
  readonly title: string;
  /** @param album `this album`, or `an album` when all albums are one resource */
  readonly text: (album: string) => Html;
  /** Label of the button. */
  readonly label: string;
  /** True when only a logged-in visitor can run it. */
  readonly needsUser: boolean;
  readonly run: (client: AlbumsClient) => Promise<unknown>;
  /** Sentence about each {@link AlbumsClient.outcome}. */
  readonly results: Readonly<Record<string, Html>>;
}

const ALBUM = '/api/albums/kind-of-blue';

/** The point of UMA: ask as nobody, ask as oneself, let the owner decide. */
export const STEPS: readonly Step[] = [
  {
    name: 'nobody',
    title: 'Ask as nobody',
    label: 'Ask as nobody',
    needsUser: false,
    text: (album) =>
      html`<p>
        The client asks the API for an album and shows nothing. The API does not ask who you are. It
        responds with 401, notes at the authorization server what it would take,
        <em>${album}, to look at</em>, and hands the client a <dfn>permission ticket</dfn>: the
        number of that note. <strong>The ticket opens nothing.</strong> With it, once, the client
        can ask the authorization server for a key.
      </p>`,
    run: (client) => client.obtain('GET', ALBUM),
    results: {
      UMA_NEED_INFO: html`No album. The authorization server wants to know who asks before it
      applies Amara’s rules (<code>need_info</code>).`,
    },
  },
  {
    name: 'yourself',
    title: 'Ask as yourself',
    label: 'Ask as yourself',
    needsUser: true,
    text: (album) =>
      html`<p>
        The same question. Now the client shows the authorization server two things: the ticket, and
        your
        <dfn>ID token</dfn>, the proof of your login. Amara’s rule lets Zoë look: if you are Zoë,
        the client gets an <dfn>RPT</dfn>, a requesting party token.
        <strong>The RPT is the key</strong>: it opens ${album}, to look at, for some minutes. The ID
        token proves who you are; the RPT proves what you may do. The client asks the API again with
        the RPT. The API has the authorization server read it, and opens the album.
      </p>`,
    run: async (client) => {
      const ticket = await client.ask('GET', ALBUM);
      const rpt = ticket && (await client.getRptAsVisitor(ticket));
      if (rpt) await client.ask('GET', ALBUM, rpt);
    },
    results: {
      OK: html`The album is open: Amara’s rule lets you in, because of who you are.`,
      UMA_REQUEST_DENIED: html`No album: Amara’s rule does not let you in
        (<code>request_denied</code>). Zoë would get it:
        <a href="/login?other&amp;returnTo=/%23yourself">log in as Zoë</a>.`,
    },
  },
  {
    name: 'owner',
    title: 'Let the owner decide',
    label: 'Ask to borrow',
    needsUser: true,
    text: () =>
      html`<p>
        To borrow an album is another matter: Amara’s rule is “ask me first”. The authorization
        server passes your question on to her, reports this (<code>request_submitted</code>), and
        gives the client a new ticket to ask again with. Amara answers when she likes, at the
        authorization server. You need not wait on this page: the client keeps the ticket for you
        until you log in again. And the API stays as it is.
      </p>`,
    run: async (client) => {
      const ticket = client.takeWaiting() ?? (await client.ask('POST', `${ALBUM}/loan`));
      const rpt = ticket && (await client.getRptAsVisitor(ticket));
      if (rpt) await client.ask('POST', `${ALBUM}/loan`, rpt);
    },
    results: {
      UMA_REQUEST_SUBMITTED: html`Amara has not decided yet. Play Amara:
        <a href="/owner">decide at the authorization server</a> (log in as Amara there), come back,
        and ask again.`,
      OK: html`The album is yours for a while: Amara approved.`,
      UMA_REQUEST_DENIED: html`Amara declined (<code>request_denied</code>).`,
      UMA_INVALID_TICKET: html`The ticket has expired, and the question with it. Ask again.`,
    },
  },
];
