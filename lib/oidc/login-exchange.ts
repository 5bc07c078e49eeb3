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

/** Tokens of a user, and what userinfo says of the user if it was requested. */
export interface LoginExchangeResult {
  readonly tokens: GetTokensByCodeResult;
  readonly claims?: UserClaims;
}

/** Exchanges the code of a login for a verified user. */
export class LoginExchange {
  /** Private to the runtime, too: whatever prints a service must not print the secret. */
  readonly #options: OxdOptions;
  readonly #commands: OidcCommands;

  constructor(commands: OidcCommands, options: OxdOptions) {
    this.#commands = commands;
    this.#options = options;
  }

  /**
   * Exchanges the code once, checks whose id_token it is, and requests userinfo if it is wanted.
   *
   * @throws {LoginStateError} OIDC_STATE_EXPIRED when oxd has forgotten the state
   * @throws {OxdCommandError} OXD_COMMAND_FAILED
   * @see OpenID Connect Core §3.1.3, §5.3.4; RFC 9207
   */
  async run(params: GetTokensByCodeParams): Promise<LoginExchangeResult> {
    const tokens = await this.#tokens(params);
    const { id_token_claims } = tokens;
    // oxd does not get the issuer of the callback; embedded has compared it before the exchange.
    if (params.iss !== undefined && params.iss !== id_token_claims.iss) {
      throw mismatch('get_tokens_by_code', 'The callback names another issuer than the id_token.');
    }
    if (!isOfOwnSite(id_token_claims, this.#options)) {
      throw mismatch('get_tokens_by_code', 'The id_token is of another provider or client.');
    }
    const userinfo = await this.#userinfo(params.oxd_id, tokens);
    if (userinfo && userinfo.claims.sub !== id_token_claims.sub) {
      throw mismatch('get_user_info', 'Userinfo speaks of another user than the id_token.');
    }
    return { tokens, ...userinfo };
  }

  async #tokens(params: GetTokensByCodeParams): Promise<GetTokensByCodeResult> {
    try {
      return await this.#commands.getTokensByCode(params);
    } catch (error) {
      if (!this.#isForgottenState(error)) throw error;
      const { command, mayHaveRun } = error;
      throw new LoginStateError('OIDC_STATE_EXPIRED', FORGOTTEN, {
        cause: error,
        command,
        mayHaveRun,
      });
    }
  }

  /** oxd 3.x: code and state of a login are not blank, so only an unknown state remains. */
  #isForgottenState(error: unknown): error is OxdCommandError {
    if (!this.#isOnOxd || !isFailedCommand(error)) return false;
    return error.error === 'bad_request';
  }

  get #isOnOxd(): boolean {
    return transportSide(this.#options.transport) === 'oxd';
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

  /** Embedded reports a missing endpoint before it sends a request; oxd always has userinfo. */
  #hasNoUserinfo(error: unknown): boolean {
    if (this.#isOnOxd || !isFailedCommand(error)) return false;
    const { status } = (error.cause ?? {}) as { readonly status?: unknown };
    return error.error === 'unsupported_operation' && status === undefined;
  }
}

const FORGOTTEN =
  'oxd-server no longer knows this login: it took longer than 5 minutes, or oxd-server was ' +
  'restarted. Start again at the login page.';

function isFailedCommand(error: unknown): error is OxdCommandError {
  return error instanceof OxdCommandError && error.code === 'OXD_COMMAND_FAILED';
}

function mismatch(command: CommandName, message: string): OxdCommandError {
  return new OxdCommandError(message, { error: 'mismatch' }, { command });
}
