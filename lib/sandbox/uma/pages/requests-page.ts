import type { SandboxUser } from '../../provider/accounts.js';
import { html, type Html } from '../../web/html.js';
import { page } from '../../web/pages.js';
import { permissionList, type RequestedPermission } from './uma-pages.js';

/** A request that waits for the owner's decision. */
export interface WaitingRequest {
  readonly id: string;
  /** Name of the client: untrusted input. */
  readonly application: string;
  /** Name of the requesting party; undefined when unknown. */
  readonly party?: string;
  readonly requested: readonly RequestedPermission[];
}

/** A request that the owner has decided. */
export interface DecidedRequest {
  readonly approved: boolean;
  /** Name of the client: untrusted input. */
  readonly application: string;
  /** Home page of the client; undefined for a client without a web address. */
  readonly home?: string;
}

/** Content of the page. */
export interface RequestsContent {
  readonly user: SandboxUser;
  readonly requests: readonly WaitingRequest[];
  /** Request of the last decision. */
  readonly decided?: DecidedRequest;
  /** Token of the forms. */
  readonly token: string;
  /** True when only this user decides. */
  readonly isOnlyOwner: boolean;
}

/** Page with all pending requests, each with buttons to approve and deny. */
export function requestsPage(content: RequestsContent): Html {
  const { user, requests, decided, token, isOnlyOwner } = content;
  const count = requests.length === 1 ? 'One request waits' : `${requests.length} requests wait`;
  return page(
    'Requests for access',
    html`<h1>Requests for access</h1>
      ${decided && decisionNote(decided)}
      <p>
        ${requests.length > 0 ? `${count}.` : 'Nobody waits.'} You decide as
        <strong>${user.claims.name}</strong
        >${isOnlyOwner ? ', the owner.' : ': here every user is the owner.'}
      </p>
      ${requests.map((request) => requestForm(request, token))}
      <p class="note"><a href="/uma/requests">Look again</a></p>`,
  );
}

function decisionNote({ approved, application, home }: DecidedRequest): Html {
  return html`<p class="good" role="status">
    <strong>${approved ? 'Approved.' : 'Denied.'}</strong>
    ${home !== undefined && html`<a href="${home}">Back to ${application}</a>`}
  </p>`;
}

function requestForm({ id, application, party, requested }: WaitingRequest, token: string): Html {
  return html`<form method="post" class="request">
    <input type="hidden" name="id" value="${id}" />
    <input type="hidden" name="token" value="${token}" />
    <p><strong>${application}</strong> for <strong>${party ?? 'an unknown user'}</strong></p>
    ${permissionList(requested)}
    <div class="actions pair">
      <button class="main" name="decision" value="approve">Approve</button>
      <button name="decision" value="deny">Deny</button>
    </div>
  </form>`;
}
