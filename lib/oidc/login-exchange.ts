import type { CommandName } from '../commands/command.js';
import type {
  GetTokensByCodeParams,
  GetTokensByCodeResult,
  GetUserInfoResult,
  UserClaims,
} from '../commands/oidc.js';
import { LoginStateError, OxdCommandError } from '../base/errors.js';
import { transportSide, type OxdOptions } from '../options/oxd.options.js';
import type { OidcCommands } from './oidc-commands.js';
import { isOfOwnSite } from './own-site.js';

/** Tokens of a user, and the claims of the userinfo response if userinfo was requested. */
export interface LoginExchangeResult {
  readonly tokens: GetTokensByCodeResult;
  readonly claims?: UserClaims;
}

/** Exchanges the code of a login for a verified user. */
export class LoginExchange {
  /** `#` instead of `private`, so that a printed service does not show the secret. */
  readonly #options: OxdOptions;
  readonly #commands: OidcCommands;
  readonly #isOnOxd: boolean;

  constructor(commands: OidcCommands, options: OxdOptions) {
    this.#commands = commands;
    this.#options = options;
    this.#isOnOxd = transportSide(options.transport) === 'oxd';
  }

  /**
   * Exchanges the code once, checks issuer, audience and nonce of the id_token, and requests userinfo
   * unless option `login.userinfo` is false.
   *
   * @throws {LoginStateError} OIDC_STATE_EXPIRED when oxd no longer has the state
   * @throws {OxdCommandError} OXD_COMMAND_FAILED when the provider rejects a request, or when
   *   callback, id_token and userinfo do not belong together
   * @see OpenID Connect Core §3.1.3, §5.3.4; RFC 9207
   */
  async run(params: GetTokensByCodeParams, nonce?: unknown): Promise<LoginExchangeResult> {
    const tokens = await this.#commands.getTokensByCode(params).catch((error: unknown) => {
      throw this.#isUnknownState(error) ? expired(error) : error;
    });
    const { id_token_claims } = tokens;
    // No oxd command has a parameter for the issuer of the callback; the embedded transport
    // compares it before the exchange.
    if (params.iss !== undefined && params.iss !== id_token_claims.iss) {
      throw mismatch(
        'get_tokens_by_code',
        'The iss of the callback differs from the iss of the id_token.',
      );
    }
    if (nonce !== undefined && nonce !== id_token_claims.nonce) {
      throw mismatch('get_tokens_by_code', 'The id_token belongs to another login (nonce).');
    }
    if (!isOfOwnSite(id_token_claims, this.#options.site, this.#isOnOxd)) {
      throw mismatch(
        'get_tokens_by_code',
        'The id_token was issued by another provider or for another client.',
      );
    }
    const userinfo = await this.#userinfo(params.oxd_id, tokens);
    if (userinfo && userinfo.claims.sub !== id_token_claims.sub) {
      throw mismatch(
        'get_user_info',
        'The sub of the userinfo response differs from the sub of the id_token.',
      );
    }
    return { tokens, ...userinfo };
  }

  /**
   * oxd 3.x responds with `bad_request` to a blank code, a blank state and an unknown state.
   * Code and state of a login are never blank, so the state is unknown.
   */
  #isUnknownState(error: unknown): error is OxdCommandError {
    if (!this.#isOnOxd || !isFailedCommand(error)) return false;
    return error.error === 'bad_request';
  }

  async #userinfo(
    oxd_id: string | undefined,
    { access_token, id_token }: GetTokensByCodeResult,
  ): Promise<GetUserInfoResult | undefined> {
    const { userinfo } = this.#options.login;
    if (userinfo === false) return undefined;
    try {
      return await this.#commands.getUserInfo({ oxd_id, access_token, id_token });
    } catch (error) {
      if (userinfo === undefined && this.#hasNoUserinfo(error)) return undefined;
      throw error;
    }
  }

  /**
   * True when the provider has no userinfo endpoint. The embedded transport reports this before it
   * sends a request, so the error has no HTTP status; through oxd userinfo is always available.
   */
  #hasNoUserinfo(error: unknown): boolean {
    if (this.#isOnOxd || !isFailedCommand(error)) return false;
    const { status } = (error.cause ?? {}) as { readonly status?: unknown };
    return error.error === 'unsupported_operation' && status === undefined;
  }
}

const UNKNOWN_AT_OXD =
  'oxd-server no longer has the state of this login: the login took longer than 5 minutes, or ' +
  'oxd-server was restarted. Start again at the login page.';

function isFailedCommand(error: unknown): error is OxdCommandError {
  return error instanceof OxdCommandError && error.code === 'OXD_COMMAND_FAILED';
}

function expired(cause: OxdCommandError): LoginStateError {
  const { command, mayHaveRun } = cause;
  return new LoginStateError('OIDC_STATE_EXPIRED', UNKNOWN_AT_OXD, { cause, command, mayHaveRun });
}

function mismatch(command: CommandName, message: string): OxdCommandError {
  return new OxdCommandError(message, { error: 'mismatch' }, { command });
}
