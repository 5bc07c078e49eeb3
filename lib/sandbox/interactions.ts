import { authenticate, DEMO_PASSWORD, DEMO_USERS, type SandboxUser } from './provider/accounts.js';
import { acrToReach, ONE_TIME_CODE, STRONG_ACR } from './provider/authentication-classes.js';
import { readForm } from './web/body.js';
import type { Context, Interaction, OidcProvider } from './provider/oidc-provider.js';
import { loginPage } from './web/login-page.js';
import { consentPage, errorPage, sendPage, type Application } from './web/pages.js';

const PATH = /^\/interaction\/([\w-]+)$/;
const DENIED = { error: 'access_denied', error_description: 'The user denied the request.' };

/** Adds the login and consent pages, shown between an authorization request and its response. */
export function useInteractions(provider: OidcProvider, users: readonly SandboxUser[]): void {
  const pages = new Interactions(provider, users);
  provider.use(async (context, next) => {
    const uid = PATH.exec(context.path)?.[1];
    return uid === undefined ? next() : pages.handle(uid, context);
  });
}

class Interactions {
  constructor(
    private readonly provider: OidcProvider,
    private readonly users: readonly SandboxUser[],
  ) {}

  async handle(uid: string, context: Context): Promise<void> {
    const { req, res, method } = context;
    const interaction = await this.provider.interactionDetails(req, res).catch(() => undefined);
    if (interaction?.uid !== uid) return sendExpired(context);
    if (method !== 'POST') return this.ask(interaction, context);
    return this.answer(interaction, context, await readForm(req));
  }

  private async ask(interaction: Interaction, context: Context, retry?: Retry): Promise<void> {
    const { prompt, params } = interaction;
    const application = await this.applicationOf(interaction);
    if (prompt.name === 'consent') {
      return sendPage(context, 200, consentPage(application, missingScopes(interaction)));
    }
    const selected = retry?.selected ?? params.login_hint ?? this.usernameOf(interaction);
    const hint = this.users === DEMO_USERS ? DEMO_PASSWORD : undefined;
    const code = acrToReach(params.acr_values) === STRONG_ACR ? ONE_TIME_CODE : undefined;
    const form = { selected, hint, code, problem: retry?.problem };
    const page = loginPage(application, this.users, form);
    return sendPage(context, retry ? 400 : 200, page);
  }

  private async answer(
    interaction: Interaction,
    context: Context,
    form: URLSearchParams,
  ): Promise<void> {
    if (form.get('decision') === 'deny') return this.finish(context, DENIED);
    if (interaction.prompt.name === 'consent') {
      return this.finish(context, { consent: { grantId: await this.grant(interaction) } });
    }
    const selected = form.get('login') ?? '';
    const user = authenticate(this.users, selected, form.get('password') ?? '');
    if (!user) return this.ask(interaction, context, { selected, problem: WRONG_PASSWORD });
    const acr = acrToReach(interaction.params.acr_values);
    if (acr === STRONG_ACR && form.get('code') !== ONE_TIME_CODE) {
      return this.ask(interaction, context, { selected, problem: WRONG_CODE });
    }
    return this.finish(context, { login: { accountId: user.claims.sub, acr } });
  }

  private async finish(context: Context, result: object): Promise<void> {
    const url = await this.provider.interactionResult(context.req, context.res, result);
    context.redirect(url);
    context.status = 303;
  }

  private async applicationOf({ params }: Interaction): Promise<Application> {
    const client = await this.provider.Client.find(params.client_id);
    return { name: client?.clientName ?? params.client_id, redirectUri: params.redirect_uri };
  }

  /** Name of the user who is logged in at this browser; undefined when none is. */
  private usernameOf({ session }: Interaction): string | undefined {
    return this.users.find(({ claims }) => claims.sub === session?.accountId)?.username;
  }

  private async grant({ grantId, session, params, prompt }: Interaction): Promise<string> {
    const { Grant } = this.provider;
    const existing = grantId === undefined ? undefined : await Grant.find(grantId);
    const owner = { accountId: session?.accountId ?? '', clientId: params.client_id };
    const grant = existing ?? new Grant(owner);
    const { missingOIDCScope, missingOIDCClaims, missingResourceScopes } = prompt.details;
    if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(' '));
    if (missingOIDCClaims) grant.addOIDCClaims(missingOIDCClaims);
    for (const [resource, scopes] of Object.entries(missingResourceScopes ?? {})) {
      grant.addResourceScope(resource, scopes.join(' '));
    }
    return grant.save();
  }
}

interface Retry {
  readonly selected: string;
  readonly problem: string;
}

const WRONG_PASSWORD = 'Wrong password. Try again.';
const WRONG_CODE = 'Wrong one-time code. Try again.';

/** Scopes to consent to; a scope of several resources is listed once. */
function missingScopes({ prompt }: Interaction): string[] {
  const { missingOIDCScope = [], missingResourceScopes = {} } = prompt.details;
  return [...new Set([...missingOIDCScope, ...Object.values(missingResourceScopes).flat()])];
}

function sendExpired(context: Context): void {
  sendPage(context, 400, errorPage('expired', 'This page has expired or was already used.'));
}
