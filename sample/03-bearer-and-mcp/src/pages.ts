import type { Exchange } from './exchange.js';
import { pretty } from './exchange.js';
import { html, type Html } from './html.js';
import type { LoggedIn } from './session.js';
import { STEPS, type Step } from './steps.js';

/** A step that was run, with its exchanges. */
export interface Tried {
  readonly name: string;
  readonly exchanges: readonly Exchange[];
}

/** Content of the page. */
export interface Content {
  /** Address of the MCP server. */
  readonly resource: string;
  readonly visitor?: LoggedIn;
  readonly tried?: Tried;
}

/** Page with the steps, and the claims of the visitor's token. */
export function demoPage(content: Content): string {
  const { resource, visitor } = content;
  return page(
    STEPS.find(({ name }) => name === content.tried?.name)?.title ?? 'What may this token do?',
    html`<h1>What may this token do?</h1>
      <p class="lead">
        An API reads from the <strong>access token</strong> what its bearer may do: by scopes, by
        roles, and by the way you logged in. One rule holds for all albums; rules of an owner for
        each album need UMA, as in <code>02-protect-an-api</code>.
      </p>
      ${visitor ? tokenOf(visitor) : nobody()}
      <h2>Five requests</h2>
      <ol class="steps">
        ${STEPS.map((step) => stepItem(step, content))}
      </ol>
      <h2>With a client of your own</h2>
      <p>
        Give your MCP client this address, and nothing else: <code>${resource}</code>. It logs you
        in at the sandbox. <code>list_albums</code> needs <code>albums:read</code>,
        <code>add_album</code> also <code>albums:write</code>: the client then asks you for it.
      </p>`,
  );
}

/** Page after a failed login. */
export function errorPage(message: string): string {
  return page(
    'The login failed',
    html`<h1>The login failed</h1>
      <p>${message}</p>
      <p><a href="/">Back to the albums</a></p>`,
  );
}

function nobody(): Html {
  return html`<p class="note">
    You are not logged in. <a href="/login?returnTo=/">Log in</a> as Zoë (editor and admin), Eleni
    (Ελένη, editor) or Amara (no role).
  </p>`;
}

function tokenOf({ name, claims }: LoggedIn): Html {
  return html`<p class="note">
      You are <strong>${name}</strong>.
      <a href="/login?other&amp;returnTo=/">Log in as another user</a>
    </p>
    <details>
      <summary>Claims of your access token</summary>
      <pre>${pretty(claims)}</pre>
      <p>
        Only the API should read them: to a client the token is a string. The page does, because it
        is a demonstration.
      </p>
    </details>`;
}

function stepItem(step: Step, { visitor, tried }: Content): Html {
  const { name, title, text } = step;
  const exchanges = tried?.name === name ? tried.exchanges : undefined;
  return html`<li id="${name}">
    <h3>${title}</h3>
    ${text} ${stepButton(step, visitor !== undefined)}
    ${exchanges && html`<p class="result" role="status">${resultOf(step, exchanges)}</p>`}
    ${exchanges && conversation(exchanges)}
  </li>`;
}

function stepButton({ name, label, needsUser }: Step, isLoggedIn: boolean): Html {
  if (needsUser && !isLoggedIn) {
    return html`<p><a class="button" href="/login?returnTo=/%23${name}">Log in first</a></p>`;
  }
  return html`<form method="post" action="/try/${name}#${name}"><button>${label}</button></form>`;
}

/** Sentence about the last response. */
function resultOf({ results }: Step, exchanges: readonly Exchange[]): Html {
  const { ok = false, error = '' } = exchanges.at(-1) ?? {};
  return results[ok ? 'OK' : error] ?? html`This was not planned: read the last response.`;
}

function conversation(exchanges: readonly Exchange[]): Html {
  return html`<ol class="conversation" aria-label="Requests and responses">
    ${exchanges.map(
      ({ title, question, answer, ok }) =>
        html`<li>
          <h4>${title}</h4>
          <pre>${question}</pre>
          <pre class="${ok ? 'granted' : 'refused'}">${answer}</pre>
        </li>`,
    )}
  </ol>`;
}

function page(title: string, body: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · nestjs-oxd</title>
        <link rel="stylesheet" href="/style.css" />
        <link rel="icon" href="/icon.svg" />
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html>`.text;
}
