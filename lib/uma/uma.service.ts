import { Injectable } from '@nestjs/common';
import type { Params, Result } from '../commands/command.js';
import { AccessTokenVerifier } from '../access-token/access-token-verifier.js';
import { OxdCommandError } from '../base/errors.js';
import { endOf } from '../base/call-end.js';
import { untilAborted } from '../base/until-aborted.js';
import { OxdOptions, transportSide } from '../options/oxd.options.js';
import { OxdClient } from '../oxd-client/oxd-client.js';
import type { ExecuteOptions } from '../commands/oxd-transport.js';

/**
 * The oxd commands of User-Managed Access, one method each. An omitted `oxd_id` or protection token
 * is added. Every method rejects with `OxdCommandError` when the command was rejected, with
 * `OxdTransportError` when oxd-server was not reached or did not respond, with `OxdStoreError` when
 * the store is down, and with the reason of `signal` when the signal was aborted.
 */
@Injectable()
export class UmaService {
  constructor(
    private readonly client: OxdClient,
    private readonly verifier: AccessTokenVerifier,
    private readonly options: OxdOptions,
  ) {}

  /**
   * Registers further resources at the authorization server, such as those of option `uma.paths`.
   * Resources of `@UmaProtected` are registered automatically. Embedded adds or changes the given
   * resources, on one replica at a time (store with `add`) and for at most 60 s; a repeated call
   * continues. oxd accepts one call only: oxd 3.1.3 and later reject a second call without
   * `overwrite`, earlier versions create duplicates.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED
   * @throws {OxdStoreError} OXD_STORE_UNAVAILABLE, also when the 60 s are over
   * @see oxd 3.1 uma_rs_protect; UMA Federated Authorization §3
   */
  protect(
    params: Params<'uma_rs_protect'>,
    options?: ExecuteOptions,
  ): Promise<Result<'uma_rs_protect'>> {
    return this.client.execute('uma_rs_protect', params, options);
  }

  /**
   * Replaces the scopes of a resource that `protect()` has registered, for the given path and all
   * HTTP methods that were registered together with the given one; ticket scopes become those scopes.
   * The policies of the resource stay, and checks use the new scopes at once. Not for resources of
   * `@UmaProtected`: start-up registers the declared scopes again.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED; `error` is `invalid_request` when path and method
   *   are not protected. OXD_COMMAND_UNSUPPORTED on oxd up to 4.1
   * @see oxd 4.2 uma_rs_modify; UMA Federated Authorization §3.2.3
   */
  modify(
    params: Params<'uma_rs_modify'>,
    options?: ExecuteOptions,
  ): Promise<Result<'uma_rs_modify'>> {
    return this.client.execute('uma_rs_modify', params, options);
  }

  /**
   * Checks whether an RPT covers a protected resource; obtains a permission ticket if it does not.
   * `UmaGuard` does this for every request. With `mode: 'decision'` (embedded) the authorization server
   * decides about an ordinary access token, and a denial has no ticket. The token is verified first, as
   * option `bearer` defines; an invalid one is sent nowhere.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED; `error` is `invalid_request` when path and method
   *   are not protected, `invalid_resource` when the authorization server does not have `resource`,
   *   `invalid_token` when the access token is not valid. OXD_COMMAND_UNSUPPORTED for `mode`,
   *   `resource` and `claims` on oxd
   * @see oxd 3.1 uma_rs_check_access; UMA Federated Authorization §4 and §5
   */
  checkAccess(
    params: Params<'uma_rs_check_access'>,
    options?: ExecuteOptions,
  ): Promise<Result<'uma_rs_check_access'>> {
    return params.mode === 'decision' && transportSide(this.options.transport) !== 'oxd'
      ? this.verifyFirst(params, options)
      : this.client.execute('uma_rs_check_access', params, options);
  }

  /**
   * Executes a check whose access token was verified; for the guard.
   *
   * @internal
   */
  checkVerified(
    params: Params<'uma_rs_check_access'>,
    options?: ExecuteOptions,
  ): Promise<Result<'uma_rs_check_access'>> {
    return this.client.execute('uma_rs_check_access', params, options);
  }

  private async verifyFirst(
    params: Params<'uma_rs_check_access'>,
    options?: ExecuteOptions,
  ): Promise<Result<'uma_rs_check_access'>> {
    const { rpt = '' } = params;
    if (rpt.trim() === '') return this.checkVerified(params, options);
    const verification = this.verifier.verify({}, rpt, 'decision');
    const verified = await untilAborted(endOf(options), verification);
    if ('rejected' in verified) throw invalidToken(verified.rejected);
    const { sub } = verified;
    const result = await this.checkVerified(params, options);
    return result.access === 'granted' && sub !== undefined ? { ...result, sub } : result;
  }

  /**
   * Returns the grant of a check from memory, see option `uma.cache`.
   *
   * @returns undefined if the check must be executed
   * @internal
   */
  cachedAccess(params: Params<'uma_rs_check_access'>): Result<'uma_rs_check_access'> | undefined {
    return this.client.cachedAccess(params);
  }

  /**
   * Exchanges a permission ticket for an RPT.
   *
   * The authorization server decides about the user only if the request contains the user's
   * identity: the ID token as `claim_token` (with its `claim_token_format`), or on embedded the
   * access token as `params.subject_token`. Keycloak accepts an ID token that was issued to the
   * same client. Without an identity Keycloak evaluates the service account of the client, and may
   * grant what the user is denied; embedded then logs one warning per client.
   *
   * @throws {NeedInfoError} UMA_NEED_INFO when claims are missing; continue with the error's ticket
   * @throws {RequestSubmittedError} UMA_REQUEST_SUBMITTED when a person must decide; retry later
   * @throws {RequestDeniedError} UMA_REQUEST_DENIED when the policy denies access
   * @throws {InvalidTicketError} UMA_INVALID_TICKET; request a new ticket from the resource server
   * @throws {OxdCommandError} OXD_COMMAND_FAILED
   * @see oxd 3.1 uma_rp_get_rpt; UMA 2.0 Grant §3.3
   */
  getRpt(
    params: Params<'uma_rp_get_rpt'>,
    options?: ExecuteOptions,
  ): Promise<Result<'uma_rp_get_rpt'>> {
    return this.client.execute('uma_rp_get_rpt', params, options);
  }

  /**
   * Returns the URL of the page where the authorization server gathers claims from the requesting
   * party. Redirect the browser there after `UMA_NEED_INFO`.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED, for instance when the server has no such page
   * @see oxd 3.1 uma_rp_get_claims_gathering_url; UMA 2.0 Grant §3.3.2
   */
  getClaimsGatheringUrl(
    params: Params<'uma_rp_get_claims_gathering_url'>,
    options?: ExecuteOptions,
  ): Promise<Result<'uma_rp_get_claims_gathering_url'>> {
    return this.client.execute('uma_rp_get_claims_gathering_url', params, options);
  }

  /**
   * Queries the authorization server for the state of an RPT: whether it is active, and its
   * permissions.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED; OXD_COMMAND_UNSUPPORTED on oxd 3.1.1
   * @see oxd 3.1 introspect_rpt; UMA Federated Authorization §5
   */
  introspectRpt(
    params: Params<'introspect_rpt'>,
    options?: ExecuteOptions,
  ): Promise<Result<'introspect_rpt'>> {
    return this.client.execute('introspect_rpt', params, options);
  }
}

function invalidToken(reason: string): OxdCommandError {
  const command = 'uma_rs_check_access';
  const message = `${command} was not sent: the access token is not valid for this API: ${reason}.`;
  return new OxdCommandError(message, { error: 'invalid_token' }, { command });
}
