import type { OperationContext } from '../context/operation-context.js';
import type { ProviderResponse, ProviderRequest } from '../requests/provider-http.js';
import { FORM_HEADERS } from '../requests/form-headers.js';
import type { OperationError } from '../requests/operation-error.js';
import type { RegisteredSite } from '../registration/site-record.js';
import { isPatRejection, protectionAdvice } from './advice.js';
import { authorizationServerError } from './error-response.js';
import { responseError } from '../requests/response-error.js';
import type { Pat } from '../context/pat-cache.js';
import type { UmaServer } from '../provider/uma-discovery.js';
import { patOf, markFreshRejected } from './pat.js';

/** Request to the protection API. */
export interface ProtectionRequest extends Pick<ProviderRequest, 'method'> {
  readonly url: string;
  /** JSON value; a string is a form. */
  readonly body?: object | string;
  /**
   * See {@link ProviderRequest.idempotent}; default true unless the method is POST (RFC 9110
   * §9.2.2).
   */
  readonly idempotent?: boolean;
}

const JSON_TYPE = { accept: 'application/json', 'content-type': 'application/json' };

/** A site with its authorization server. */
export type SiteAtServer = Pick<ProtectionApi, 'site' | 'server'>;

/**
 * Client of the protection API of an authorization server, for one command of one site.
 *
 * @see UMA Federated Authorization §1.3
 */
export class ProtectionApi {
  constructor(
    private readonly context: OperationContext,
    readonly site: RegisteredSite,
    readonly server: UmaServer,
  ) {}

  /**
   * Sends a request with a PAT, and once more with a new PAT if the first is rejected. If the new
   * PAT is rejected, too, PATs are not renewed for a while: any client could cause a renewal per
   * request.
   *
   * @throws {OperationError} when no PAT is available
   */
  async call(request: ProtectionRequest): Promise<ProviderResponse> {
    const { pats } = this.context.runtime.uma;
    const { context, site } = this;
    const pat = pats.current(site) ?? (await patOf(context, site));
    const response = await this.send(request, pat);
    if (!isPatRejection(response) || !pats.mayRenew(site)) return response;
    const renewed = await patOf(context, site, pat);
    const second = await this.send(request, renewed);
    if (isPatRejection(second)) markFreshRejected(context, site, this.server.issuer);
    return second;
  }

  /**
   * Sends a request that changes state at the authorization server.
   *
   * @param failure first sentence of the error message
   * @param expected statuses of a success
   * @throws {OperationError} for any other status
   */
  change(
    failure: string,
    expected: readonly number[],
    request: ProtectionRequest,
  ): Promise<ProviderResponse> {
    return this.context.call.changing(async () => {
      const response = await this.call(request);
      if (expected.includes(response.status)) return response;
      throw unexpectedResponse(failure, response);
    });
  }

  private send(request: ProtectionRequest, { authorization }: Pat): Promise<ProviderResponse> {
    const { method, url, body, idempotent = method !== 'POST' } = request;
    const isForm = typeof body === 'string';
    const type = isForm ? FORM_HEADERS : JSON_TYPE;
    return this.context.call.send(url, {
      method,
      headers: body ? { authorization, ...type } : { accept: 'application/json', authorization },
      body: isForm ? body : body && JSON.stringify(body),
      idempotent,
    });
  }
}

/** Error for an unexpected response; `failure` is the first sentence of its message. */
export function unexpectedResponse(failure: string, response: ProviderResponse): OperationError {
  return authorizationServerError(failure, responseError(response), protectionAdvice);
}
