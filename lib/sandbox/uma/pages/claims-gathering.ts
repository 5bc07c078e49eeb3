import { readForm } from '../../web/body.js';
import type { Context } from '../../provider/oidc-provider.js';
import type { PageLogin } from '../../web/page-login.js';
import { sendPage } from '../../web/pages.js';
import { OAuthError } from '../oauth-response.js';
import type { AssessmentInput } from '../assessment.js';
import { GATHERING_COOKIE } from './claims-endpoint.js';
import { readAnswers } from './claims-form.js';
import { sendOn } from './page-request.js';
import type { SandboxNeed } from '../policy.js';
import type { ClaimsSession, Ticket } from '../tickets.js';
import { claimsPage } from './uma-pages.js';
import type { UmaServer } from '../uma-server.js';
import { requestedPermissions } from './requested-permissions.js';

/** A browser at its page. */
interface Visit {
  readonly context: Context;
  /** Stands for the page. */
  readonly handle: string;
  readonly gathering: ClaimsSession;
}

/** The page that gathers claims: who the requesting party is, answers to questions of policies. */
export class ClaimsGathering {
  constructor(
    private readonly uma: UmaServer,
    private readonly login: PageLogin,
  ) {}

  /** @throws {OAuthError} `expired` when the page is over, or is another browser's */
  async handle(context: Context, handle: string): Promise<void> {
    const gathering = await this.uma.gatherings.find(handle);
    if (!gathering || gathering.browser !== context.cookies.get(GATHERING_COOKIE)) throw expired();
    const visit = { context, handle, gathering };
    if (context.method === 'GET') return this.show(visit);
    const form = await readForm(context.req);
    const decision = form.get('decision');
    if (decision === 'deny') return this.end(visit, async () => ({ error: 'access_denied' }));
    if (decision === 'other') {
      return sendPage(context, 200, this.login.page(gathering.application));
    }
    return form.has('login') ? this.logIn(visit, form) : this.answer(visit, form);
  }

  private async show({ context, gathering }: Visit, sent?: URLSearchParams): Promise<void> {
    const { application, ticket } = gathering;
    const { identity, questions } = await this.need(ticket);
    const user = identity ? (await this.login.who(context))?.user : undefined;
    if (identity && !user) return sendPage(context, 200, this.login.page(application));
    const about = {
      application,
      wanted: requestedPermissions(this.uma, caseOf(ticket)),
      user,
      questions,
      sent,
    };
    return sendPage(context, sent ? 400 : 200, claimsPage(about));
  }

  private async logIn({ context, gathering }: Visit, form: URLSearchParams): Promise<void> {
    if (await this.login.logIn(context, form)) return sendOn(context, context.path);
    return sendPage(context, 400, this.login.page(gathering.application, form));
  }

  private async answer(visit: Visit, form: URLSearchParams): Promise<void> {
    const { ticket } = visit.gathering;
    const { identity, questions } = await this.need(ticket);
    const user = identity ? (await this.login.who(visit.context))?.user : undefined;
    // Somebody else may have logged in meanwhile, in another tab.
    if (identity && user?.username !== form.get('user')) return this.show(visit);
    const given = readAnswers(questions, form);
    if (!given) return this.show(visit, form);
    return this.end(visit, async () => {
      const party = ticket.party ?? user?.claims.sub;
      const next = { ...ticket, party, answers: { ...ticket.answers, ...given } };
      return { ticket: await this.uma.tickets.issue(next) };
    });
  }

  /** Spends the page, and only then makes what the client gets. */
  private async end(
    { context, handle, gathering }: Visit,
    result: () => Promise<Readonly<Record<string, string>>>,
  ): Promise<void> {
    if (!(await this.uma.gatherings.take(handle))) throw expired();
    const { redirectUri, state } = gathering;
    const url = new URL(redirectUri);
    const params = { ...(await result()), ...(state !== undefined && { state }) };
    for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
    context.cookies.set(GATHERING_COOKIE, '', { path: context.path, maxAge: 0 });
    sendOn(context, url.href);
  }

  /** What the policies need as things are; nothing where they can decide. */
  private async need(ticket: Ticket): Promise<Required<SandboxNeed>> {
    const assessment = await this.uma.assessor.assess(caseOf(ticket));
    if (assessment.outcome !== 'need') return { identity: false, questions: [] };
    const { identity, questions } = assessment.need;
    return { identity: identity && ticket.party === undefined, questions };
  }
}

function caseOf(ticket: Ticket): AssessmentInput {
  const { client = '', permissions, wanted: all = permissions } = ticket;
  return { ...ticket, client, permissions: all };
}

function expired(): OAuthError {
  return new OAuthError(400, 'expired', 'This page is over: it was used, or took too long.');
}
