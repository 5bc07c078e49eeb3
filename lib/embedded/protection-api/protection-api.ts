import type { OperationContext } from '../context/operation-context.js';
import type { ProviderResponse, ProviderRequest } from '../requests/provider-http.js';
import type { OperationError } from '../requests/operation-error.js';
import type { RegisteredSite } from '../registration/site-record.js';
import { answerError, authorizationServerError } from './error-response.js';
import type { UmaServer } from '../provider/uma-discovery.js';
import { PAT_ADVICE, patOf, patOwner, markFreshRejected } from './pat.js';

/** How an authorization server refuses a PAT: RFC 6750, Keycloak, Gluu. */
const PAT_REFUSED = [401, 403, 406];

/** A request of the protection API. */
export interface ProtectionRequest extends Pick<ProviderRequest, 'method'> {
  readonly url: string;
  /** A JSON value, or a form. */
  readonly body?: object;
  /** See {@link ProviderRequest.idempotent}; default true unless the method is POST (RFC 9110 §9.2.2). */
  readonly idempotent?: boolean;
}

/**
 * The protection API of an authorization server, for one command of one site.
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
   * Sends a request with a PAT; with another one, once, where that is refused. Where the other was
   * refused as well, none is renewed for a while: a request that anybody can make would cost one.
   *
   * @throws {OperationError} when no PAT is to be had
   */
  async call(request: ProtectionRequest): Promise<ProviderResponse> {
    const { pats } = this.context.engine.uma;
    const owner = patOwner(this.site);
    const pat = await patOf(this.context, this.site);
    const answer = await this.send(request, pat.token);
    if (!isRefused(answer) || !pats.mayRenew(owner)) return answer;
    const other = await patOf(this.context, this.site, pat);
    const again = await this.send(request, other.token);
    if (isRefused(again)) markFreshRejected(this.context, this.site, this.server.issuer);
    return again;
  }

  /**
   * Sends a request that changes something.
   *
   * @param expected the statuses that are no failure
   * @throws {OperationError} beginning with `failure` for any other
   */
  change(
    failure: string,
    expected: readonly number[],
    request: ProtectionRequest,
  ): Promise<ProviderResponse> {
    return this.context.call.changing(async () => {
      const answer = await this.call(request);
      if (expected.includes(answer.status)) return answer;
      throw refused(failure, answer);
    });
  }

  private send(request: ProtectionRequest, token: string): Promise<ProviderResponse> {
    const { method, url, body, idempotent = method !== 'POST' } = request;
    const isForm = body instanceof URLSearchParams;
    return this.context.call.send(url, {
      method,
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${token}`,
        ...(body && {
          'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json',
        }),
      },
      body: body && (isForm ? body.toString() : JSON.stringify(body)),
      idempotent,
    });
  }
}

/** Whether an answer means that the PAT, or what else was shown, is not accepted. */
export function isRefused({ status }: ProviderResponse): boolean {
  return PAT_REFUSED.includes(status);
}

/** The refusal for an answer that is not the one asked for. */
export function refused(failure: string, answer: ProviderResponse): OperationError {
  const advice = isRefused(answer) ? ` ${PAT_ADVICE}` : '';
  return authorizationServerError(`${failure}${advice}`, answerError(answer));
}
