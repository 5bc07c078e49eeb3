import { createHmac, randomBytes } from 'node:crypto';
import { readForm } from '../../web/body.js';
import type { Context } from '../../provider/oidc-provider.js';
import type { LoggedIn, PageLogin } from '../../web/page-login.js';
import type { Html } from '../../web/html.js';
import { sendPage } from '../../web/pages.js';
import { OAuthError } from '../oauth-response.js';
import { UMA_PATHS } from '../metadata.js';
import { redirectTo } from './page-request.js';
import type { AccessSubmission } from '../pending-requests.js';
import { requestsPage, type DecidedRequest, type WaitingRequest } from './requests-page.js';
import type { UmaServer } from '../uma-server.js';
import { requestedPermissions } from './requested-permissions.js';

const TITLE = 'the requests for access';

/** Page on which the resource owner decides submitted requests. */
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
    if (!this.isOwner(loggedIn) || form.get('token') !== this.tokenOf(loggedIn)) {
      throw new OAuthError(
        403,
        'forbidden',
        'The form does not belong to this session. Load the page again.',
      );
    }
    const id = form.get('id') ?? '';
    this.uma.submissions.decide(id, form.get('decision') === 'approve');
    return redirectTo(
      context,
      `${UMA_PATHS.requests}?${new URLSearchParams({ decided: id }).toString()}`,
    );
  }

  private async show(context: Context): Promise<void> {
    const loggedIn = await this.login.current(context);
    if (!this.isOwner(loggedIn)) return sendPage(context, 200, this.loginPage(loggedIn));
    const waiting = this.uma.submissions.waiting();
    const page = requestsPage({
      user: loggedIn.user,
      requests: await Promise.all(waiting.map(([id, one]) => this.describe(id, one))),
      decided: await this.decided(new URLSearchParams(context.querystring).get('decided')),
      token: this.tokenOf(loggedIn),
      isOnlyOwner: this.uma.owner !== undefined,
    });
    return sendPage(context, 200, page);
  }

  private async logIn(context: Context, form: URLSearchParams): Promise<void> {
    const cancelled = form.get('decision') === 'deny';
    if (cancelled || (await this.login.logIn(context, form))) {
      return redirectTo(context, UMA_PATHS.requests);
    }
    return sendPage(context, 400, this.login.retryPage(TITLE, form));
  }

  private isOwner(loggedIn?: LoggedIn): loggedIn is LoggedIn {
    const { owner } = this.uma;
    return loggedIn !== undefined && (owner ?? loggedIn.user.username) === loggedIn.user.username;
  }

  private loginPage(other?: LoggedIn): Html {
    const { owner, users } = this.uma;
    const name = users.find(({ username }) => username === owner)?.claims.name ?? '';
    const problem = other && `You are ${other.user.claims.name}. Only ${name} may decide.`;
    return this.login.page(TITLE, owner, problem);
  }

  private async decided(id: string | null): Promise<DecidedRequest | undefined> {
    const request = this.uma.submissions.decided(id ?? '');
    const client = request && (await this.uma.provider.Client.find(request.submission.client));
    if (!client) return undefined;
    const { clientName: application = client.clientId, redirectUris } = client;
    const redirectUri = redirectUris?.find((uri) => /^https?:/.test(uri));
    const home = redirectUri && new URL('/', redirectUri).href;
    return { approved: request.approved, application, home };
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
