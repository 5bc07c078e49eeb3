import { Injectable } from '@nestjs/common';
import type { Params, Result } from '../commands/command.js';
import { OxdClient } from '../oxd-client/oxd-client.js';
import type { ExecuteOptions } from '../commands/oxd-transport.js';

/**
 * The oxd commands of User-Managed Access, one method each. `oxd_id` and a protection token are
 * added where they are left out. Every method rejects with `OxdCommandError` when the command was
 * refused, with `OxdTransportError` when oxd-server was not reached or did not answer, with
 * `OxdStoreError` when the store is down, and with the reason of `signal` when that was aborted.
 */
@Injectable()
export class UmaService {
  constructor(private readonly client: OxdClient) {}

  /**
   * Registers resources at the authorization server. What `@UmaProtected` declares is registered
   * by itself; this is for further ones, such as those that option `uma.paths` names. Embedded
   * adds or changes what is named. oxd takes one call only: from 3.1.3 on a second one is refused
   * without `overwrite`, before that it makes duplicates.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED
   * @see oxd 3.1 uma_rs_protect; UMA Federated Authorization §3
   */
  protect(
    params: Params<'uma_rs_protect'>,
    options?: ExecuteOptions,
  ): Promise<Result<'uma_rs_protect'>> {
    return this.client.execute('uma_rs_protect', params, options);
  }

  /**
   * Asks whether an RPT is good for a protected resource; obtains a ticket where it is not.
   * `UmaGuard` does this for every request.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED; `error` is `invalid_request` where path and
   *   method are not protected
   * @see oxd 3.1 uma_rs_check_access; UMA Federated Authorization §4 and §5
   */
  checkAccess(
    params: Params<'uma_rs_check_access'>,
    options?: ExecuteOptions,
  ): Promise<Result<'uma_rs_check_access'>> {
    return this.client.execute('uma_rs_check_access', params, options);
  }

  /**
   * Exchanges a permission ticket for an RPT.
   *
   * The authorization server decides about the user only if the request has the user's identity:
   * the ID token as `claim_token` (with its `claim_token_format`), or on embedded the access token
   * as `params.subject_token`. Keycloak accepts an ID token that was issued to the same client.
   * Without an identity Keycloak evaluates the service account of the client, and may grant what the
   * user is denied; embedded then logs one warning per client.
   *
   * @throws {NeedInfoError} UMA_NEED_INFO: go on with the ticket of the error
   * @throws {RequestSubmittedError} UMA_REQUEST_SUBMITTED: ask again later
   * @throws {RequestDeniedError} UMA_REQUEST_DENIED
   * @throws {InvalidTicketError} UMA_INVALID_TICKET: begin again at the resource server
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
   * Makes the URL to send a browser to when the authorization server wants to ask the requesting
   * party something.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED, for instance where the server has no such page
   * @see oxd 3.1 uma_rp_get_claims_gathering_url; UMA 2.0 Grant §3.3.2
   */
  getClaimsGatheringUrl(
    params: Params<'uma_rp_get_claims_gathering_url'>,
    options?: ExecuteOptions,
  ): Promise<Result<'uma_rp_get_claims_gathering_url'>> {
    return this.client.execute('uma_rp_get_claims_gathering_url', params, options);
  }

  /**
   * Asks the authorization server whether an RPT is good, and for what.
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
