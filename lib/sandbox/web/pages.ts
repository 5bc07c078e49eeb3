import { createHash } from 'node:crypto';
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
