import { createHash } from 'node:crypto';
import type { Params, Result } from '../commands/command.js';
import type { OxdClient } from '../oxd-client/oxd-client.js';
import { SingleFlight } from '../base/single-flight.js';
import type { ExecuteOptions } from '../commands/oxd-transport.js';

/**
 * The oxd commands of sites and users, one method each. `oxd_id` and a protection token are added
 * where they are left out. Every method rejects with `OxdCommandError` when the command was
 * refused, with `OxdTransportError` when oxd-server was not reached or did not answer, with
 * `OxdStoreError` when the store is down, and with the reason of `signal` when that was aborted.
 */
export abstract class OidcCommands {
  private readonly refreshes = new SingleFlight<Result<'get_access_token_by_refresh_token'>>();

  /** @internal */
  protected readonly client: OxdClient;

  /** @param client carries the commands out, in the name of the site */
  constructor(client: OxdClient) {
    this.client = client;
  }

  /**
   * Registers a site and, beside it, a client that obtains protection tokens.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED
   * @see oxd 3.1 setup_client
   */
  setupClient(
    params: Params<'setup_client'>,
    options?: ExecuteOptions,
  ): Promise<Result<'setup_client'>> {
    return this.client.execute('setup_client', params, options);
  }

  /**
   * Obtains a token for a client itself (RFC 6749 §4.4).
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED
   * @see oxd 3.1 get_client_token
   */
  getClientToken(
    params: Params<'get_client_token'>,
    options?: ExecuteOptions,
  ): Promise<Result<'get_client_token'>> {
    return this.client.execute('get_client_token', params, options);
  }

  /**
   * Registers a further site. The application's own is registered by itself at first use.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED
   * @see oxd 3.1 register_site; RFC 7591 §3
   */
  registerSite(
    params: Params<'register_site'>,
    options?: ExecuteOptions,
  ): Promise<Result<'register_site'>> {
    return this.client.execute('register_site', params, options);
  }

  /**
   * Changes the registration of a site at oxd and at the provider. oxd 3.1 sends the provider only
   * what is named, so an update of the own site there carries the `redirect_uris` and `grant_types`
   * of the options if it names none.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED, for instance where the provider allows no changes
   * @see oxd 3.1 update_site (update_site_registration in 3.1.1); RFC 7592 §2.2
   */
  updateSite(
    params: Params<'update_site'>,
    options?: ExecuteOptions,
  ): Promise<Result<'update_site'>> {
    return this.client.execute('update_site', this.client.wholeUpdate(params), options);
  }

  /**
   * Forgets a site. The application's own is registered again when it is used again.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED; OXD_COMMAND_UNSUPPORTED on oxd 3.1.1
   * @see oxd 3.1 remove_site
   */
  removeSite(
    params: Params<'remove_site'> = {},
    options?: ExecuteOptions,
  ): Promise<Result<'remove_site'>> {
    return this.client.execute('remove_site', params, options);
  }

  /**
   * Makes the URL to send a browser to for a login. Applications use `startLogin()`, which also
   * binds the login to the browser.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED
   * @see oxd 3.1 get_authorization_url; OpenID Connect Core §3.1.2.1
   */
  getAuthorizationUrl(
    params: Params<'get_authorization_url'> = {},
    options?: ExecuteOptions,
  ): Promise<Result<'get_authorization_url'>> {
    return this.client.execute('get_authorization_url', params, options);
  }

  /**
   * Exchanges a code for tokens and verifies the id_token. Applications use `finishLogin()`,
   * which first checks that the browser began this login. Pass the callback's `iss` unchanged:
   * embedded rejects a callback without it if the provider announces RFC 9207.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED
   * @see oxd 3.1 get_tokens_by_code; OpenID Connect Core §3.1.3; RFC 9207 §2.4
   */
  getTokensByCode(
    params: Params<'get_tokens_by_code'>,
    options?: ExecuteOptions,
  ): Promise<Result<'get_tokens_by_code'>> {
    return this.client.execute('get_tokens_by_code', params, options);
  }

  /**
   * Obtains a new access token. Callers with the same refresh token share one request, with the
   * scopes of the first, since a provider that rotates would end the session of a second one. Keep
   * the `refresh_token` of the result, where there is one.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED: the refresh token is no longer good, log in again
   * @see oxd 3.1 get_access_token_by_refresh_token; RFC 6749 §6
   */
  getAccessTokenByRefreshToken(
    params: Params<'get_access_token_by_refresh_token'>,
  ): Promise<Result<'get_access_token_by_refresh_token'>> {
    const key = createHash('sha256').update(String(params.refresh_token)).digest('base64url');
    return this.refreshes.run(key, () =>
      this.client.execute('get_access_token_by_refresh_token', params),
    );
  }

  /**
   * Asks the provider who a user is. The result always has a `sub`; compare it with that of the
   * id_token, or pass `id_token`.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED, for instance for an expired access token: `error` is
   *   `invalid_token` on the embedded transport; `internal_error` on oxd 3.1, for an expired token and
   *   for a provider that failed
   * @see oxd 3.1 get_user_info; OpenID Connect Core §5.3
   */
  getUserInfo(
    params: Params<'get_user_info'>,
    options?: ExecuteOptions,
  ): Promise<Result<'get_user_info'>> {
    return this.client.execute('get_user_info', params, options);
  }

  /**
   * Makes the URL to send a browser to for the end of its session at the provider. Pass the
   * user's own `id_token_hint`: oxd up to 3.1.3 would otherwise log out whoever logged in last.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED, for instance where the provider has no logout;
   *   OXD_COMMAND_UNSUPPORTED without `id_token_hint` on oxd up to 3.1.3
   * @see oxd 3.1 get_logout_uri; OpenID Connect RP-Initiated Logout §2
   */
  getLogoutUri(
    params: Params<'get_logout_uri'>,
    options?: ExecuteOptions,
  ): Promise<Result<'get_logout_uri'>> {
    return this.client.execute('get_logout_uri', params, options);
  }

  /**
   * Asks the provider whether an access token is good.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED; OXD_COMMAND_UNSUPPORTED on oxd 3.1.1
   * @see oxd 3.1 introspect_access_token; RFC 7662 §2
   */
  introspectAccessToken(
    params: Params<'introspect_access_token'>,
    options?: ExecuteOptions,
  ): Promise<Result<'introspect_access_token'>> {
    return this.client.execute('introspect_access_token', params, options);
  }
}
