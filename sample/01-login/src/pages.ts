import type { OxdUserProfile } from 'nestjs-oxd';

/** Error text for users: cause and remedy. */
export interface ErrorText {
  readonly title: string;
  readonly text: string;
}

export function homePage(user?: OxdUserProfile): string {
  const actions = user
    ? html`<p>You are logged in as <strong>${nameOf(user)}</strong>.</p>
        <p class="actions"><a class="button main" href="/profile">Your profile</a></p>`
    : html`<p>Log in at your OpenID Provider, see its claims about you, and log out again.</p>
        <p class="actions"><a class="button main" href="/login">Log in</a></p>`;
  return page(
    'Welcome',
    html`<h1>Hello${user && html`, ${nameOf(user)}`}</h1>
      ${actions}`,
  );
}

export function profilePage(user: OxdUserProfile, refreshed: boolean): string {
  const { claims, tokens } = user;
  const entries = Object.entries(claims);
  return page(
    'Your profile',
    html`${refreshed && html`<p class="good" role="status">The access token was renewed.</p>`}
      <header class="person">
        <span class="picture" aria-hidden="true">${initialsOf(nameOf(user))}</span>
        <div>
          <h1>${nameOf(user)}</h1>
          <p>${claims.email ?? claims.sub}</p>
        </div>
      </header>
      <h2>Claims of the provider</h2>
      ${table(entries.filter(([name]) => !PROTOCOL.has(name)))}
      <h2>This login</h2>
      ${table([
        ['provider', claims.iss],
        ['logged in', time(claims.auth_time ?? claims.iat)],
        [
          'access token until',
          tokens.expires_at === undefined ? 'unknown' : time(tokens.expires_at),
        ],
      ])}
      <div class="actions">
        <form method="post" action="/refresh"><button>Refresh the token</button></form>
        <form method="post" action="/logout"><button>Log out</button></form>
      </div>`,
  );
}

export function errorPage({ title, text }: ErrorText, code: string): string {
  return page(
    title,
    html`<h1>${title}</h1>
      <p>${text}</p>
      <p class="actions">
        <a class="button main" href="/login">Log in again</a>
        <a class="button" href="/">Home</a>
      </p>
      <p class="code">${code}</p>`,
  );
}

/** Claims about the token, not about the user. */
const PROTOCOL = new Set(
  'iss aud azp exp iat nbf auth_time nonce at_hash c_hash s_hash sid jti acr amr'.split(' '),
);

function table(rows: readonly (readonly [string, unknown])[]): Html {
  return html`<dl>
    ${rows.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${textOf(value, name)}</dd>
        </div>`,
    )}
  </dl>`;
}

function textOf(value: unknown, name: string): string | Html {
  // Seconds since 1970 (OpenID Connect Core §5.1).
  if (name === 'updated_at' && Number.isSafeInteger(value)) return time(value as number);
  if (value instanceof Html || typeof value === 'string') return value;
  return JSON.stringify(value);
}

function time(seconds: number): Html {
  const iso = new Date(seconds * 1000).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')} UTC</time>`;
}

function nameOf({ sub, claims }: OxdUserProfile): string {
  return claims.name ?? claims.preferred_username ?? sub;
}

function initialsOf(name: string): string {
  const initials = name.split(/\s+/).map((word) => /^\p{L}/u.exec(word)?.[0] ?? '');
  return initials.join('').slice(0, 2).toUpperCase();
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

type Value = string | Html | readonly Html[] | false | undefined;

/** Template tag: escapes every value except {@link Html}. Claims are untrusted input. */
function html(strings: TemplateStringsArray, ...values: Value[]): Html {
  return new Html(strings.reduce((text, part, i) => text + render(values[i - 1]) + part));
}

function render(value: Value): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  if (typeof value !== 'string') return value.map(render).join('');
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
