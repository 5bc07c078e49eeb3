import type { OxdUserProfile } from 'nestjs-oxd';
import { ALBUMS } from './albums.js';
import { casesOf, type Case } from './cases.js';
import type { Exchange } from './exchange.js';
import { cast, roles, type Cast } from './explanation.js';
import { Html, html } from './html.js';
import { STEPS, type Step } from './steps.js';

/** A step or case that was run, with its exchanges. */
export interface Tried {
  readonly name: string;
  readonly exchanges: readonly Exchange[];
  /** Result of the client. */
  readonly outcome: string;
}

/** Content of the page. */
export interface Content extends Cast {
  /** True while a request of this visitor waits for the owner. */
  readonly isWaiting: boolean;
  readonly tried?: Tried;
}

/** Page with three steps, and further cases that unfold. */
export function demoPage(content: Content): string {
  const { tried, areSeparate } = content;
  const titles = [...STEPS, ...casesOf(areSeparate)].filter(({ name }) => name === tried?.name);
  return page(
    titles[0]?.title ?? 'Whose albums are these?',
    html`<h1>Whose albums are these?</h1>
      <p class="lead">
        Amara’s. They are behind an API, and
        <strong>Amara makes the rules who may open them</strong>: not the programmer of the API, and
        not an administrator. That is what UMA is for, User-Managed Access.
      </p>
      ${cast(content)}
      <h2>Three steps</h2>
      <ol class="steps">
        ${STEPS.map((step) => stepItem(step, content))}
      </ol>
      ${roles()}
      <p>
        The whole exchange on one page, as plain text:
        <a href="/docs/uma-in-two-minutes.md">UMA in two minutes</a>.
      </p>
      ${moreCases(content)}`,
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

function stepItem(step: Step, { user, isWaiting, areSeparate, tried }: Content): Html {
  const { name, title, text, results } = step;
  const mine = tried?.name === name ? tried : undefined;
  return html`<li id="${name}">
    <h3>${title}</h3>
    ${text(areSeparate ? 'this album' : 'an album')} ${stepButton(step, user, isWaiting)}
    ${mine && html`<p class="result" role="status">${results[mine.outcome] ?? UNEXPECTED}</p>`}
    ${mine && conversation(mine.exchanges)} ${mine && unused(mine.exchanges)}
  </li>`;
}

const UNEXPECTED = 'This was not planned: read the last response.';

function stepButton(step: Step, user?: OxdUserProfile, isWaiting?: boolean): Html {
  const { name, label, needsUser } = step;
  if (needsUser && !user) {
    return html`<p><a class="button" href="/login?returnTo=/%23${name}">Log in first</a></p>`;
  }
  return html`<form method="post" action="/try/${name}#${name}">
    <button>${name === 'owner' && isWaiting ? 'Ask again' : label}</button>
  </form>`;
}

/** Names the members of the responses that the three steps do not use. */
function unused(exchanges: readonly Exchange[]): Html | undefined {
  const names = ['redirect_user', 'pct', 'upgraded'].filter((name) =>
    exchanges.some(({ answer }) => answer.includes(`"${name}"`)),
  );
  if (names.length === 0) return undefined;
  return html`<p class="note">Of no importance here: ${codeList(names)}.</p>`;
}

function moreCases({ tried, areSeparate }: Content): Html {
  const cases = casesOf(areSeparate);
  const isOpen = cases.some(({ name }) => name === tried?.name);
  return html`<details ${isOpen && new Html('open')}>
    <summary>More cases, and the resources of the API</summary>
    <p class="note">
      Tickets and tokens are secrets. They are on this page, shortened, because it is a
      demonstration; keep them out of your pages and logs.
    </p>
    <ol class="cases">
      ${cases.map((one) => caseItem(one, tried?.name === one.name ? tried.exchanges : []))}
    </ol>
    <h3>Declared resources</h3>
    ${areSeparate && albumResources()} ${resourceTable()}
    <h3>Responses without a button</h3>
    <p>
      Two responses need an outage: <code>403</code> with
      <code>Warning: 199 - "UMA Authorization Server Unreachable"</code> when the authorization
      server issues no ticket, and <code>503</code> with <code>Retry-After</code> when a resource is
      not registered yet, or oxd-server or the store does not respond.
    </p>
  </details>`;
}

function caseItem({ name, title, text }: Case, exchanges: readonly Exchange[]): Html {
  return html`<li id="${name}">
    <form class="case" method="post" action="/try/${name}#${name}">
      <div>
        <h3>${title}</h3>
        <p>${text}</p>
      </div>
      <button aria-label="Try: ${title}">Try</button>
    </form>
    ${exchanges.length > 0 && conversation(exchanges)}
  </li>`;
}

function conversation(exchanges: readonly Exchange[]): Html {
  return html`<ol class="conversation" aria-label="Requests and responses">
    ${exchanges.map(
      ({ title, question, answer, refused }) =>
        html`<li>
          <h4>${title}</h4>
          <pre>${question}</pre>
          <pre class="${refused ? 'refused' : 'granted'}">${answer}</pre>
        </li>`,
    )}
  </ol>`;
}

function albumResources(): Html {
  return html`<p>
    Each album has the three resources of <code>:id</code> under its own id:
    ${codeList(ALBUMS.map(({ id }) => id))}. Those of <code>:id</code> stand for albums that do not
    exist.
  </p>`;
}

function codeList(names: readonly string[]): readonly Html[] {
  return names.map((name, at) => html`${at > 0 && ', '}<code>${name}</code>`);
}

function resourceTable(): Html {
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Method</th>
        <th scope="col">Path</th>
        <th scope="col">Scope</th>
      </tr>
    </thead>
    <tbody>
      ${RESOURCES.map(
        ([method, path, scope]) =>
          html`<tr>
            <td><code>${method}</code></td>
            <td><code>${path}</code></td>
            <td><code>${scope}</code></td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** Resources declared by `AlbumsController`. */
const RESOURCES = [
  ['GET', '/api/albums', 'view'],
  ['POST', '/api/albums', 'add'],
  ['GET', '/api/albums/:id', 'view'],
  ['DELETE', '/api/albums/:id', 'delete'],
  ['POST', '/api/albums/:id/loan', 'borrow'],
  ['GET', '/api/albums/mine', 'view'],
] as const;

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
