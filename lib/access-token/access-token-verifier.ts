import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { OxdClock } from '../base/clock.js';
import { OxdTransportError } from '../base/errors.js';
import { SingleFlight } from '../base/single-flight.js';
import { untilAborted } from '../base/until-aborted.js';
import type { Result } from '../commands/command.js';
import { isTransport, OxdOptions } from '../options/oxd.options.js';
import { OxdClient } from '../oxd-client/oxd-client.js';
import { CheckTimeLimit, CheckTimeoutError, checkLimit } from '../routes/check-timeout.js';
import { tokenPolicies, type TokenPolicy, type TokenUse } from './token-policy.js';
import {
  VerifiedToken,
  type RejectedAccessToken,
  type VerifiedAccessToken,
} from './verified-token.js';

export type { RejectedAccessToken, VerifiedAccessToken } from './verified-token.js';
export type { TokenUse } from './token-policy.js';

type Outcome = VerifiedAccessToken | RejectedAccessToken;

/** Verification of the token of a request. */
interface Verification {
  readonly token: string;
  readonly use: TokenUse;
  readonly outcome: Promise<Outcome>;
}

/** Request with its verification. */
type VerifiedRequest = Readonly<Record<symbol, Verification | undefined>>;

/** Verifies access tokens for the guards by option `bearer`. */
@Injectable()
export class AccessTokenVerifier {
  /** False on oxd 3.1.1, which cannot introspect access tokens: no token can be verified. */
  readonly isSupported: boolean;
  // `#` instead of `private`, so that a printed service shows no token.
  readonly #client: OxdClient;
  readonly #clock: OxdClock;
  readonly #limit: number;
  /** True for a transport that may ignore the end of a command. */
  readonly #isCustom: boolean;
  readonly #policies: Readonly<Record<TokenUse, TokenPolicy>>;
  /**
   * Property of a request, not enumerable so that logs of the request do not show the token. Not a
   * `WeakMap`, with which garbage collection took twice the time.
   */
  readonly #property = Symbol('nestjs-oxd.verification');
  /** Verifications in progress, which concurrent requests with the same token share. */
  readonly #flights = {
    bearer: new SingleFlight<Outcome>(),
    decision: new SingleFlight<Outcome>(),
  };

  constructor(client: OxdClient, options: OxdOptions, clock: OxdClock) {
    this.#client = client;
    this.#clock = clock;
    this.#limit = checkLimit(options);
    this.#isCustom = isTransport(options.transport);
    this.#policies = tokenPolicies(options);
    this.isSupported = client.supports('introspect_access_token');
  }

  /** Returns a token from `bearer.cache`, without waiting; undefined if it must be verified. */
  cached(token: string, use: TokenUse = 'bearer'): VerifiedAccessToken | undefined {
    // This cast is safe: this class alone retains tokens.
    return this.#client.cachedToken(token, this.#policies[use].use) as VerifiedToken | undefined;
  }

  /**
   * Verifies the token of a request, once for all guards of the request. Requests with the same token at
   * the same time share one verification, which does not end with one of them. It has a time limit of
   * its own: twice `transport.timeout`.
   *
   * @param request request of the platform
   * @throws {OxdError} when keys, introspection, oxd or store are unavailable: the token may be valid
   */
  verify(request: object, token: string, use: TokenUse = 'bearer'): Promise<Outcome> {
    const policy = this.#policies[use];
    const known = (request as VerifiedRequest)[this.#property];
    if (known?.token === token && known.use === policy.use) return known.outcome;
    const outcome = this.#obtain(token, policy);
    const value: Verification = { token, use: policy.use, outcome };
    // False for a frozen request, whose guards then share no verification.
    Reflect.defineProperty(request, this.#property, { value, configurable: true });
    return outcome;
  }

  #obtain(token: string, policy: TokenPolicy): Promise<Outcome> {
    const { misconfigured, use } = policy;
    if (misconfigured !== undefined) return Promise.resolve({ rejected: misconfigured });
    const cached = this.cached(token, use);
    if (cached) return Promise.resolve(cached);
    const key = hash('sha256', token, 'base64');
    return this.#flights[use].run(key, () => this.#run(token, policy));
  }

  async #run(token: string, policy: TokenPolicy): Promise<Outcome> {
    const limit = new CheckTimeLimit(this.#clock, this.#limit).begin();
    const retain = this.#client.retainedToken(token, policy.use);
    const params = { access_token: token, ...policy.params };
    try {
      const sent = this.#client.execute('introspect_access_token', params, limit);
      const result = await (this.#isCustom ? untilAborted(limit.end, sent) : sent);
      const outcome = this.#outcome(token, policy, result);
      if (!retain || !(outcome instanceof VerifiedToken) || !outcome.isRetainable) return outcome;
      retain(outcome, outcome.claims);
      return outcome;
    } catch (error) {
      throw error instanceof CheckTimeoutError ? timedOut(error) : error;
    } finally {
      limit.stop();
    }
  }

  #outcome(
    token: string,
    policy: TokenPolicy,
    { active, reason, claims, ...rest }: Result<'introspect_access_token'>,
  ): Outcome {
    // A reason of another transport may contain values of the token.
    if (!active) return { rejected: (policy.isVerified && reason) || UNKNOWN };
    if (policy.isVerified) return new VerifiedToken(token, claims ?? {});
    // Another transport returns the claims as properties of its result.
    const now = this.#clock.now() / 1000;
    const rejected = policy.problem({ token, claims: rest, now });
    return rejected === undefined ? new VerifiedToken(token, rest) : { rejected };
  }
}

const UNKNOWN = 'the provider does not know it, or has revoked it';

function timedOut({ message }: CheckTimeoutError): OxdTransportError {
  const command = 'introspect_access_token';
  return new OxdTransportError('OXD_TRANSPORT_TIMEOUT', message, { command });
}
