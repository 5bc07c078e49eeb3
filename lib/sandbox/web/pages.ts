import { createHash } from 'node:crypto';
import type { SandboxUser } from '../provider/accounts.js';
import { Html, html } from './html.js';
import type { Context } from '../provider/oidc-provider.js';
import { STYLE, SUBMIT } from './page-style.js';

/** Application shown on a login or consent page. */
export interface Application {
  /** Name from the registration: untrusted input. */
  readonly name: string;
  /** URI to which the browser returns. */
  readonly redirectUri: string;
}

// Outside of the templates, which Prettier reformats: the policy contains the hash of this content.
const STYLE_ELEMENT = new Html(`<style>${STYLE}</style>`);
const SUBMIT_ELEMENT = new Html(`<script>${SUBMIT}</script>`);

// No form-action: browsers would also apply it to the redirect to the application after the form.
const POLICY = [
  "default-src 'none'",
  `style-src '${hash(STYLE)}'`,
  `script-src '${hash(SUBMIT)}'`,
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Sends a page with headers that forbid requests to other sites, framing and caching. */
export function sendPage(context: Context, status: number, page: Html): void {
  context.status = status;
  context.type = 'html';
  context.set('content-security-policy', POLICY);
  context.set('cache-control', 'no-store');
  context.set('referrer-policy', 'no-referrer');
  context.set('x-content-type-options', 'nosniff');
  context.body = page.text;
}

/** Content of a login page. */
export interface LoginForm {
  /** Username of the preselected user; default the first user. */
  readonly selected?: string;
  readonly problem?: string;
  /** Password to show. */
  readonly hint?: string;
  /** One-time code to show and to ask for; undefined for a login by password only. */
  readonly code?: string;
}

/** Login page with a choice of users, a password field, and a field for the one-time code. */
export function loginPage(
  application: Pick<Application, 'name'>,
  users: readonly SandboxUser[],
  form: LoginForm,
): Html {
  const selected = users.find((user) => user.username === form.selected) ?? users[0];
  return page(
    'Log in',
    html`<h1>Log in</h1>
      <p>to continue to <strong>${application.name}</strong></p>
      ${form.problem !== undefined && html`<p class="bad" role="alert">${form.problem}</p>`}
      <form method="post">
        <fieldset>
          <legend>Who are you?</legend>
          ${users.map((user) => userChoice(user, user === selected))}
        </fieldset>
        <label class="label" for="password">Password</label>
        <input
          type="password"
          id="password"
          name="password"
          autocomplete="current-password"
          autofocus
          required
          aria-describedby="hint"
        />
        <p class="hint" id="hint">
          ${form.hint !== undefined && html`Every user here has the password <code>${form.hint}</code>.`}
        </p>
        ${form.code !== undefined && codeField(form.code)}
        <div class="actions">
          <button class="main" name="decision" value="allow">Log in</button>
          <button name="decision" value="deny" formnovalidate>Cancel</button>
        </div>
      </form>`,
  );
}

/** Consent page with the scopes that the application requests. */
export function consentPage(application: Application, scopes: readonly string[]): Html {
  return page(
    'Allow access',
    html`<h1>Allow access?</h1>
      <p><strong>${application.name}</strong> would like to know:</p>
      ${
        scopes.length > 0 &&
        html`<ul>
          ${scopes.map(scopeItem)}
        </ul>`
      }
      <p class="hint">You go back to <strong>${application.redirectUri}</strong>.</p>
      <form method="post" class="actions">
        <button class="main" name="decision" value="allow" autofocus>Allow</button>
        <button name="decision" value="deny">Deny</button>
      </form>`,
  );
}

/** Logout page; asks for confirmation unless the logout is already confirmed. */
export function logoutPage(form: string, application?: string, confirmed = false): Html {
  if (confirmed) {
    const answer = form.replace(
      '</form>',
      '<input type="hidden" name="logout" value="yes"></form>',
    );
    return page(
      'Logging out',
      html`<h1>Logging out</h1>
        <p>You go back to <strong>${application ?? 'the application'}</strong>.</p>
        <div class="actions">
          <button class="main" form="op.logoutForm" autofocus>Continue</button>
        </div>
        ${new Html(answer)} ${SUBMIT_ELEMENT}`,
    );
  }
  return page(
    'Log out',
    html`<h1>Log out?</h1>
      <p>
        <strong>${application ?? 'An application'}</strong> asks to end your session at the sandbox.
      </p>
      <div class="actions">
        <button class="main" form="op.logoutForm" name="logout" value="yes" autofocus>
          Log out
        </button>
        <button form="op.logoutForm">Stay logged in</button>
      </div>
      ${new Html(form)}`,
  );
}

/** Page after a logout without a redirect URI of the application. */
export function loggedOutPage(): Html {
  return page(
    'Logged out',
    html`<h1>Logged out</h1>
      <p>You can close this page.</p>`,
  );
}

/** Error page. */
export function errorPage(error: string, description = ''): Html {
  return page(
    'This did not work',
    html`<h1>This did not work</h1>
      <p class="bad" role="alert"><strong>${error}</strong> ${description}</p>
      <p>Go back to the application and start again.</p>`,
  );
}

function codeField(code: string): Html {
  return html`<label class="label" for="code">One-time code</label>
    <input
      type="text"
      id="code"
      name="code"
      inputmode="numeric"
      autocomplete="one-time-code"
      required
      aria-describedby="code-hint"
    />
    <p class="hint" id="code-hint">
      The application requests a stronger login. The code is always <code>${code}</code>.
    </p>`;
}

function userChoice({ username, claims }: SandboxUser, selected: boolean): Html {
  return html`<label class="user">
    <input type="radio" name="login" value="${username}" ${selected && new Html('checked')} />
    <span>${claims.name} <small>${username}</small></span>
  </label>`;
}

const SCOPE_LABELS: Readonly<Record<string, string>> = {
  openid: 'Who you are',
  profile: 'Your name and profile',
  email: 'Your e-mail address',
  offline_access: 'All this while you are away',
};

function scopeItem(scope: string): Html {
  return html`<li>${SCOPE_LABELS[scope] ?? 'Access'} <small>${scope}</small></li>`;
}

/** Complete HTML document with a title and a body. */
export function page(title: string, body: Html): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Sandbox</title>
        ${STYLE_ELEMENT}
      </head>
      <body>
        <main>${body}</main>
        <footer>nestjs-oxd sandbox, for development only</footer>
      </body>
    </html>`;
}

function hash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
