import type { SandboxUser } from '../../provider/accounts.js';
import { Html, html } from '../../web/html.js';
import { page } from '../../web/pages.js';
import { fieldOf } from './claims-form.js';
import type { SandboxQuestion } from '../policy.js';

/** A resource as a page names it, with what is wanted there. */
export interface Wanted {
  readonly name: string;
  readonly scopes: readonly string[];
}

/** What the claims-gathering page shows. */
export interface ClaimsForm {
  /** Who asks: anybody's text. */
  readonly application: string;
  readonly wanted: readonly Wanted[];
  /** Who is to be named to the policies; left out where nobody is. */
  readonly user?: SandboxUser;
  readonly questions: readonly SandboxQuestion[];
  /** What was sent before, where it was not complete. */
  readonly sent?: URLSearchParams;
}

/** Asks the requesting party what the policies need to know. */
export function claimsPage({ application, wanted, user, questions, sent }: ClaimsForm): Html {
  const nothing = !user && questions.length === 0;
  return page(
    'Access to a resource',
    html`<h1>Before you go on</h1>
      <p><strong>${application}</strong> asks for access on your behalf:</p>
      ${wantedList(wanted)} ${sent && html`<p class="bad" role="alert">Answer every question.</p>`}
      <form method="post">
        ${user && identity(user)}
        ${questions.map((question, index) => field(question, sent, index === 0))}
        ${nothing && html`<p>There is nothing to ask you.</p>`}
        <div class="actions">
          <button class="main" name="decision" value="allow">Continue</button>
          ${
            user &&
            html`<button name="decision" value="other" formnovalidate>I am somebody else</button>`
          }
          <button name="decision" value="deny" formnovalidate>Cancel</button>
        </div>
      </form>`,
  );
}

/** A request that waits for its owner. */
export interface WaitingRequest {
  readonly id: string;
  /** Who asks: anybody's text. */
  readonly application: string;
  /** Whom it is for, where that is known. */
  readonly party?: string;
  readonly wanted: readonly Wanted[];
}

/** What waits for the owner, each with both answers. */
export function requestsPage(
  user: SandboxUser,
  requests: readonly WaitingRequest[],
  token: string,
): Html {
  const count = requests.length === 1 ? 'One request waits' : `${requests.length} requests wait`;
  return page(
    'Requests for access',
    html`<h1>Requests for access</h1>
      <p>
        ${requests.length > 0 ? `${count}.` : 'Nobody waits.'} You decide as
        <strong>${user.claims.name}</strong>: here every user is the owner.
      </p>
      ${requests.map((request) => requestForm(request, token))}
      <p class="note"><a href="">Look again</a></p>`,
  );
}

function requestForm({ id, application, party, wanted }: WaitingRequest, token: string): Html {
  return html`<form method="post" class="request">
    <input type="hidden" name="id" value="${id}" />
    <input type="hidden" name="token" value="${token}" />
    <p><strong>${application}</strong> for <strong>${party ?? 'somebody unknown'}</strong></p>
    ${wantedList(wanted)}
    <div class="actions pair">
      <button class="main" name="decision" value="approve">Approve</button>
      <button name="decision" value="deny">Deny</button>
    </div>
  </form>`;
}

function wantedList(wanted: readonly Wanted[]): Html {
  return html`<ul>
    ${wanted.map(({ name, scopes }) => html`<li>${name} <small>${scopes.join(', ')}</small></li>`)}
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
