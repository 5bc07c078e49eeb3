import type { SandboxUser } from '../../provider/accounts.js';
import { Html, html } from '../../web/html.js';
import { page } from '../../web/pages.js';
import { fieldOf } from './claims-form.js';
import type { SandboxQuestion } from '../policy.js';

/** Name of a resource with the requested scopes. */
export interface RequestedPermission {
  readonly name: string;
  readonly scopes: readonly string[];
}

/** Content of the claims-gathering page. */
export interface ClaimsForm {
  /** Name of the client: untrusted input. */
  readonly application: string;
  readonly requested: readonly RequestedPermission[];
  /** User whose claims the policies will receive; undefined when they need no identity. */
  readonly user?: SandboxUser;
  readonly questions: readonly SandboxQuestion[];
  /** Previous, incomplete submission of the form. */
  readonly sent?: URLSearchParams;
}

/** Page that asks the requesting party for the information that the policies need. */
export function claimsPage({ application, requested, user, questions, sent }: ClaimsForm): Html {
  const isEmpty = !user && questions.length === 0;
  return page(
    'Access to a resource',
    html`<h1>Before you continue</h1>
      <p><strong>${application}</strong> requests access on your behalf:</p>
      ${permissionList(requested)}
      ${sent && html`<p class="bad" role="alert">Answer every question.</p>`}
      <form method="post">
        ${user && identity(user)}
        ${questions.map((question, index) => field(question, sent, index === 0))}
        ${isEmpty && html`<p>There are no questions for you.</p>`}
        <div class="actions">
          <button class="main" name="decision" value="allow">Continue</button>
          ${
            user &&
            html`<button name="decision" value="other" formnovalidate>I am another user</button>`
          }
          <button name="decision" value="deny" formnovalidate>Cancel</button>
        </div>
      </form>`,
  );
}

/** List of resources with the requested scopes. */
export function permissionList(requested: readonly RequestedPermission[]): Html {
  return html`<ul>
    ${requested.map(({ name, scopes }) => html`<li>${name} <small>${scopes.join(', ')}</small></li>`)}
  </ul>`;
}

function identity({ username, claims }: SandboxUser): Html {
  return html`<p>
    You are <strong>${claims.name}</strong>. The decision depends on it.
    <input type="hidden" name="user" value="${username}" />
  </p>`;
}

function field(question: SandboxQuestion, sent: URLSearchParams | undefined, first: boolean): Html {
  const name = fieldOf(question);
  const value = sent?.get(name) ?? '';
  const focus = first && new Html('autofocus');
  if (!question.options) {
    return html`<label class="label" for="${name}">${question.text}</label>
      <p class="field">
        <input type="text" id="${name}" name="${name}" value="${value}" required ${focus} />
      </p>`;
  }
  const choice = (option: string) =>
    html`<label class="user">
      <input
        type="radio"
        name="${name}"
        value="${option}"
        required
        ${option === value && new Html('checked')}
      />
      <span>${option}</span>
    </label>`;
  return html`<fieldset>
    <legend>${question.text}</legend>
    ${question.options.map(choice)}
  </fieldset>`;
}
