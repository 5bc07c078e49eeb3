import type { GivenParams } from '../commands/aliases.js';
import type { Params, Result } from '../commands/command.js';
import type { OxdClient } from '../oxd-client/oxd-client.js';
import type { OxdClock } from '../base/clock.js';
import type { ListedRp, RpRecord } from '../commands/rp-record.js';
import { withoutPrintedSecrets } from './printed-rp.js';
import type { ExecuteOptions } from '../commands/oxd-transport.js';
import { Refreshes } from './refreshes.js';
import type { SharedRefreshes } from './shared-refreshes.js';

/**
 * Commands of oxd for sites and users, one method each. A missing `oxd_id` and a missing protection
 * token are added. Every method rejects with `OxdCommandError` when the command fails, with
 * `OxdTransportError` when oxd-server is unreachable or does not respond, with `OxdStoreError` when
 * the store is unavailable, and with the reason of `options.signal` when that signal is aborted.
 */
export abstract class OidcCommands {
  readonly #refreshes: Refreshes;

  /** @internal */
  protected readonly client: OxdClient;

  /**
   * @param client executes the commands as the site of the module
   * @param clock ends the time that the result of a refresh is shared
   * @param shared shares refreshes with other replicas; undefined shares them in this process only
   */
  constructor(client: OxdClient, clock: OxdClock, shared?: SharedRefreshes) {
    this.client = client;
    this.#refreshes = new Refreshes(clock, shared);
  }

  /**
   * Registers a site, and a second client that obtains protection tokens.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED
   * @see oxd 3.1 setup_client
   */
  setupClient(
    params: GivenParams<'setup_client'>,
    options?: ExecuteOptions,
  ): Promise<Result<'setup_client'>> {
    return this.client.execute('setup_client', params, options);
  }

  /**
   * Obtains an access token for a client with the client credentials grant.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED
   * @see oxd 3.1 get_client_token; RFC 6749 §4.4
   */
  getClientToken(
    params: Params<'get_client_token'>,
    options?: ExecuteOptions,
  ): Promise<Result<'get_client_token'>> {
    return this.client.execute('get_client_token', params, options);
  }

  /**
   * Registers an additional site. The site of the module is registered automatically at first use.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED
   * @see oxd 3.1 register_site; RFC 7591 §3
   */
  registerSite(
    params: GivenParams<'register_site'>,
    options?: ExecuteOptions,
  ): Promise<Result<'register_site'>> {
    return this.client.execute('register_site', params, options);
  }

  /**
   * Changes the registration of a site at oxd and at the provider. oxd 3.1 sends only the given
   * parameters to the provider, and providers require `redirect_uris` and `grant_types`: an update
   * of the site of the module without them contains those of the options.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED, for instance when the provider allows no changes
   * @see oxd 3.1 update_site (update_site_registration in 3.1.1); RFC 7592 §2.2
   */
  updateSite(
    params: GivenParams<'update_site'>,
    options?: ExecuteOptions,
  ): Promise<Result<'update_site'>> {
    return this.client.execute('update_site', params, options);
  }

  /**
   * Removes a site from oxd. The site of the module is registered again at its next use.
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
   * Returns all sites of the oxd-server.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED; OXD_COMMAND_UNSUPPORTED on embedded, which cannot
   *   list its store, on oxd up to 3.1.3 and over the HTTPS extension
   * @see oxd 3.1.4 get_rp
   */
  getRp(
    params: Params<'get_rp'> & { readonly list: true },
    options?: ExecuteOptions,
  ): Promise<{
    /** The sites. */
    readonly node: readonly ListedRp[];
  }>;
  /**
   * Returns the record of a site as oxd or embedded has stored it; default: the site of the module.
   * The record contains the client secret and, on oxd, tokens of the latest user: do not send it to a
   * client. A printed record hides its secrets, a copy of it does not.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED, `invalid_oxd_id` for an unknown site;
   *   OXD_COMMAND_UNSUPPORTED on oxd up to 3.1.3 and over the HTTPS extension
   * @see oxd 3.1.4 get_rp
   */
  getRp(
    params?: Params<'get_rp'> & { readonly list?: false },
    options?: ExecuteOptions,
  ): Promise<{
    /** The record. */
    readonly node: RpRecord;
  }>;
  async getRp(params: Params<'get_rp'> = {}, options?: ExecuteOptions): Promise<Result<'get_rp'>> {
    const { node } = await this.client.execute('get_rp', params, options);
    return { node: isRecord(node) ? withoutPrintedSecrets(node) : node };
  }

  /**
   * Exchanges a code for tokens and verifies the id_token. Applications call `finishLogin()`, which
   * first checks that this browser began the login. Pass the `iss` parameter of the callback: the
   * embedded transport rejects a callback without `iss` when the provider supports RFC 9207.
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
   * Obtains a new access token. Calls with the same refresh token share one request, with the
   * scopes of the first call, while it runs and for 10 seconds after its success: a provider that
   * rotates refresh tokens may revoke all tokens when one is used twice. Replicas with one `secret` and
   * one store with `add` share the request, too: the result is in the store for these 10 seconds,
   * encrypted with `secret`, and a failure for one second. Otherwise the result is retained in the
   * memory of this process only. Store the `refresh_token` of the result, if present, in place of the
   * old one. Calls with another `oxd_id` or `id_token` share no result; a token with other scopes is
   * not available during that time.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED, for instance when the refresh token is no longer
   *   valid, or when the response is of another user than `id_token`: the user must log in again
   * @throws {OxdTransportError} when the peer does not respond, also to the request of another replica
   * @throws {OxdStoreError} OXD_STORE_UNAVAILABLE: the token was not sent; with `mayHaveRun`, another
   *   replica sent it and its result is not available
   * @see oxd 3.1 get_access_token_by_refresh_token; RFC 6749 §6
   */
  async getAccessTokenByRefreshToken(
    params: Params<'get_access_token_by_refresh_token'>,
  ): Promise<Result<'get_access_token_by_refresh_token'>> {
    const own = await this.client.oxdId();
    const { oxd_id = own, refresh_token, id_token } = params;
    // The own site has no id here: it may be registered again during the command, under another id.
    const call = JSON.stringify([oxd_id === own ? null : oxd_id, refresh_token, id_token]);
    return this.#refreshes.run(call, (signal) =>
      this.client.execute('get_access_token_by_refresh_token', params, { signal }),
    );
  }

  /**
   * Returns the claims of a user from the userinfo endpoint. The result always has a `sub`; compare
   * it with the `sub` of the id_token, or pass `id_token`.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED, for instance when the access token has expired:
   *   `error` is `invalid_token` on the embedded transport; `internal_error` on oxd 3.1, as for
   *   every failure of the provider
   * @see oxd 3.1 get_user_info; OpenID Connect Core §5.3
   */
  getUserInfo(
    params: GivenParams<'get_user_info'>,
    options?: ExecuteOptions,
  ): Promise<Result<'get_user_info'>> {
    return this.client.execute('get_user_info', params, options);
  }

  /**
   * Returns the URL to redirect a browser to, to end the user's session at the provider. Pass the
   * id_token of the user as `id_token_hint`: oxd up to 3.1.3 would otherwise end the session of the
   * user who logged in last.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED, for instance when the provider has no logout
   *   endpoint; OXD_COMMAND_UNSUPPORTED without `id_token_hint` on oxd up to 3.1.3
   * @see oxd 3.1 get_logout_uri; OpenID Connect RP-Initiated Logout §2
   */
  getLogoutUri(
    params: GivenParams<'get_logout_uri'>,
    options?: ExecuteOptions,
  ): Promise<Result<'get_logout_uri'>> {
    return this.client.execute('get_logout_uri', params, options);
  }

  /**
   * Introspects an access token at the provider: `active` is true while the token is valid.
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

function isRecord(node: Result<'get_rp'>['node']): node is RpRecord {
  return !Array.isArray(node);
}
