import type { SandboxUser } from '../provider/accounts.js';
import { Html, html } from './html.js';
import { page, type Application } from './pages.js';

/** Content of a login page. */
export interface LoginForm {
  /** Username of the preselected user; default the first user. */
  readonly selected?: string;
  readonly problem?: string;
  /** Password to show. */
  readonly hint?: string;
  /** One-time code to show and to request; undefined for a login by password only. */
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
