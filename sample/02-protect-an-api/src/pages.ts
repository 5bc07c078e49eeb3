import type { Exchange } from './exchange.js';

/** A protected resource. */
export interface Resource {
  readonly path: string;
  readonly method: string;
  readonly scopes: readonly string[];
}

/** A case of the demonstration: a button of the page. */
export interface Case {
  /** Name in the URL. */
  readonly name: string;
  readonly title: string;
  readonly text: string;
  readonly link?: { readonly href: string; readonly text: string };
}

/** A case that was run, with its exchanges. */
export interface Tried {
  readonly name: string;
  readonly exchanges: readonly Exchange[];
}

/** Page with the declared resources and a button for every case. */
export function demoPage(
  resources: readonly Resource[],
  cases: readonly Case[],
  tried?: Tried,
): string {
  return page(
    cases.find(({ name }) => name === tried?.name)?.title ?? 'Protect an API',
    html`<h1>Protect an API</h1>
      <p>Albums behind <code>UmaGuard</code>. Be a client: send requests, and read the HTTP.</p>
      <h2>Declared resources</h2>
      ${resourceTable(resources)}
      <h2>Cases to try</h2>
      <p class="note">
        Tickets and tokens are secrets. They are on this page, shortened, because it is a
        demonstration; keep them out of your pages and logs.
      </p>
      <ol class="cases">
        ${cases.map((one) => caseItem(one, tried?.name === one.name ? tried.exchanges : []))}
      </ol>
      <h2>Responses without a button</h2>
      <p>
        Two responses need an outage: <code>403</code> with
        <code>Warning: 199 - "UMA Authorization Server Unreachable"</code> when the authorization
        server issues no ticket, and <code>503</code> with <code>Retry-After</code> when a resource
        is not registered yet, or oxd-server or the store does not respond.
      </p>`,
  );
}

function resourceTable(resources: readonly Resource[]): Html {
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Method</th>
        <th scope="col">Path</th>
        <th scope="col">Scope</th>
      </tr>
    </thead>
    <tbody>
      ${resources.map(
        ({ method, path, scopes }) =>
          html`<tr>
            <td><code>${method}</code></td>
            <td><code>${path}</code></td>
            <td><code>${scopes.join(', ')}</code></td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function caseItem({ name, title, text, link }: Case, exchanges: readonly Exchange[]): Html {
  return html`<li id="${name}">
    <form method="post" action="/try/${name}#${name}">
      <div>
        <h3>${title}</h3>
        <p>${text} ${link !== undefined && html`<a href="${link.href}">${link.text}</a>`}</p>
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
          ${question !== undefined && html`<pre>${question}</pre>`}
          <pre class="${refused ? 'refused' : 'granted'}">${answer}</pre>
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

/** String that already is HTML and must not be escaped. */
class Html {
  constructor(readonly text: string) {}
}

type Value = string | Html | readonly Html[] | false;

/** Template tag: escapes every value except {@link Html}. */
function html(strings: TemplateStringsArray, ...values: Value[]): Html {
  return new Html(strings.reduce((text, part, i) => text + render(values[i - 1] ?? false) + part));
}

function render(value: Value): string {
  if (value === false) return '';
  if (value instanceof Html) return value.text;
  if (typeof value !== 'string') return value.map(render).join('');
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
