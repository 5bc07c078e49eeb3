import { readForm } from '../../web/body.js';
import type { Context } from '../../provider/oidc-provider.js';
import type { PageLogin } from '../../web/page-login.js';
import { sendPage } from '../../web/pages.js';
import { OAuthError } from '../oauth-response.js';
import type { AssessmentInput } from '../assessment.js';
import { CLAIMS_COOKIE } from './claims-endpoint.js';
import { readAnswers } from './claims-form.js';
import { redirectTo } from './page-request.js';
import type { SandboxNeed } from '../policy.js';
import type { ClaimsSession, Ticket } from '../tickets.js';
import { claimsPage } from './uma-pages.js';
import type { UmaServer } from '../uma-server.js';
import { requestedPermissions } from './requested-permissions.js';

/** A request of a browser for its page. */
interface Visit {
  readonly context: Context;
  /** Token that refers to the page. */
  readonly handle: string;
  readonly claimsSession: ClaimsSession;
}

/** Claims-gathering page: identifies the requesting party and asks the questions of the policies. */
export class ClaimsGathering {
  constructor(
    private readonly uma: UmaServer,
    private readonly login: PageLogin,
  ) {}

  /** @throws {OAuthError} `expired` when the page has expired or belongs to another browser */
  async handle(context: Context, handle: string): Promise<void> {
    const claimsSession = await this.uma.claimsSessions.find(handle);
    if (!claimsSession || claimsSession.browser !== context.cookies.get(CLAIMS_COOKIE))
      throw expired();
    const visit = { context, handle, claimsSession };
    if (context.method === 'GET') return this.show(visit);
    const form = await readForm(context.req);
    const decision = form.get('decision');
    if (decision === 'deny') return this.end(visit, async () => ({ error: 'access_denied' }));
    if (decision === 'other') {
      return sendPage(context, 200, this.login.page(claimsSession.application));
    }
    return form.has('login') ? this.logIn(visit, form) : this.answer(visit, form);
  }

  private async show({ context, claimsSession }: Visit, sent?: URLSearchParams): Promise<void> {
    const { application, ticket } = claimsSession;
    const { identity, questions } = await this.need(ticket);
    const user = identity ? (await this.login.current(context))?.user : undefined;
    if (identity && !user) return sendPage(context, 200, this.login.page(application));
    const about = {
      application,
      requested: requestedPermissions(this.uma, toAssessmentInput(ticket)),
      user,
      questions,
      sent,
    };
    return sendPage(context, sent ? 400 : 200, claimsPage(about));
  }

  private async logIn({ context, claimsSession }: Visit, form: URLSearchParams): Promise<void> {
    if (await this.login.logIn(context, form)) return redirectTo(context, context.path);
    return sendPage(context, 400, this.login.retryPage(claimsSession.application, form));
  }

  private async answer(visit: Visit, form: URLSearchParams): Promise<void> {
    const { ticket } = visit.claimsSession;
    const { identity, questions } = await this.need(ticket);
    const user = identity ? (await this.login.current(visit.context))?.user : undefined;
    // Another user may have logged in meanwhile, in another tab.
    if (identity && user?.username !== form.get('user')) return this.show(visit);
    const given = readAnswers(questions, form);
    if (!given) return this.show(visit, form);
    return this.end(visit, async () => {
      const party = ticket.party ?? user?.claims.sub;
      const next = { ...ticket, party, answers: { ...ticket.answers, ...given } };
      return { ticket: await this.uma.tickets.issue(next) };
    });
  }

  /** Consumes the page and redirects to the client; the result is created only afterwards. */
  private async end(
    { context, handle, claimsSession }: Visit,
    result: () => Promise<Readonly<Record<string, string>>>,
  ): Promise<void> {
    if (!(await this.uma.claimsSessions.take(handle))) throw expired();
    const { redirectUri, state } = claimsSession;
    const url = new URL(redirectUri);
    const params = { ...(await result()), ...(state !== undefined && { state }) };
    for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
    context.cookies.set(CLAIMS_COOKIE, '', { path: context.path, maxAge: 0 });
    redirectTo(context, url.href);
  }

  /** Information that the policies currently need; empty when they can decide. */
  private async need(ticket: Ticket): Promise<Required<SandboxNeed>> {
    const assessment = await this.uma.assessor.assess(toAssessmentInput(ticket));
    if (assessment.outcome !== 'need') return { identity: false, questions: [] };
    const { identity, questions } = assessment.need;
    return { identity: identity && ticket.party === undefined, questions };
  }
}

function toAssessmentInput(ticket: Ticket): AssessmentInput {
  const { client = '', permissions, requested: all = permissions } = ticket;
  return { ...ticket, client, permissions: all };
}

function expired(): OAuthError {
  return new OAuthError(400, 'expired', 'This page has expired or was already used.');
}
