import { createHmac, randomBytes } from 'node:crypto';
import { readForm } from '../../web/body.js';
import type { Context } from '../../provider/oidc-provider.js';
import type { LoggedIn, PageLogin } from '../../web/page-login.js';
import { sendPage } from '../../web/pages.js';
import { OAuthError } from '../oauth-response.js';
import { UMA_PATHS } from '../metadata.js';
import { redirectTo } from './page-request.js';
import type { AccessSubmission } from '../pending-requests.js';
import { requestsPage, type WaitingRequest } from './uma-pages.js';
import type { UmaServer } from '../uma-server.js';
import { requestedPermissions } from './requested-permissions.js';

const TITLE = 'the requests for access';

/** Page on which the resource owner decides submitted requests; every user counts as the owner. */
export class OwnerRequests {
  private readonly key = randomBytes(32);

  constructor(
    private readonly uma: UmaServer,
    private readonly login: PageLogin,
  ) {}

  /** @throws {OAuthError} for a form that this page did not issue for this session */
  async handle(context: Context): Promise<void> {
    if (context.method === 'GET') return this.show(context);
    const form = await readForm(context.req);
    if (form.has('login')) return this.logIn(context, form);
    const loggedIn = await this.login.current(context);
    if (!loggedIn || form.get('token') !== this.tokenOf(loggedIn)) {
      throw new OAuthError(
        403,
        'forbidden',
        'The form does not belong to this session. Load the page again.',
      );
    }
    this.uma.submissions.decide(form.get('id') ?? '', form.get('decision') === 'approve');
    return redirectTo(context, UMA_PATHS.requests);
  }

  private async show(context: Context): Promise<void> {
    const loggedIn = await this.login.current(context);
    if (!loggedIn) return sendPage(context, 200, this.login.page(TITLE));
    const waiting = this.uma.submissions.waiting();
    const requests = await Promise.all(waiting.map(([id, one]) => this.describe(id, one)));
    return sendPage(context, 200, requestsPage(loggedIn.user, requests, this.tokenOf(loggedIn)));
  }

  private async logIn(context: Context, form: URLSearchParams): Promise<void> {
    const cancelled = form.get('decision') === 'deny';
    if (cancelled || (await this.login.logIn(context, form))) {
      return redirectTo(context, UMA_PATHS.requests);
    }
    return sendPage(context, 400, this.login.page(TITLE, form));
  }

  private async describe(id: string, submission: AccessSubmission): Promise<WaitingRequest> {
    const { client, party } = submission;
    const known = await this.uma.provider.Client.find(client);
    const user = this.uma.users.find(({ claims }) => claims.sub === party);
    return {
      id,
      application: known?.clientName ?? client,
      party: user?.claims.name,
      requested: requestedPermissions(this.uma, submission),
    };
  }

  /** Token of the form against cross-site request forgery. */
  private tokenOf({ session }: LoggedIn): string {
    return createHmac('sha256', this.key).update(session).digest('base64url');
  }
}
