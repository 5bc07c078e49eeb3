import { Catch, Logger, Optional, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { OxdClock, SystemClock } from './base/clock.js';
import { LoginRefusedError, LoginStateError, OxdError } from './base/errors.js';
import { LimitedLog } from './base/limited-log.js';
import { httpStatus } from './http/http-status.js';

/** Body of the response of {@link OxdExceptionFilter}. */
export interface OxdErrorBody {
  /** HTTP status. */
  readonly statusCode: number;
  /** Code of the error. */
  readonly error: string;
  /** Message of the error for a status below 500; else one fixed sentence, see the log. */
  readonly message: string;
}

/**
 * Exception filter that responds to the errors of this package and logs them. The status is 401 for
 * login errors, 403 for denials of the authorization server, 502 for failed commands and 503 for
 * errors of transport and store. Response and log contain no tickets and no tokens. An error is logged
 * once a minute, with a count, and a rejected login once a minute for each error code: no client can
 * flood the log. The response removes the cookie of a login that is over. Add the filter with `@UseFilters(OxdExceptionFilter)`
 * or as `APP_FILTER`; override `answer()` for custom pages.
 */
@Catch(OxdError)
export class OxdExceptionFilter implements ExceptionFilter<OxdError> {
  private readonly log = new Logger(OxdExceptionFilter.name);

  /** `#` instead of `private`, so that a printed filter does not show the whole application. */
  readonly #adapterHost: HttpAdapterHost;

  private readonly limited: { readonly warn: LimitedLog; readonly error: LimitedLog };

  /** @param clock default: the clock of this machine */
  constructor(adapterHost: HttpAdapterHost, @Optional() clock?: OxdClock) {
    this.#adapterHost = adapterHost;
    const limited = (level: 'warn' | 'error'): LimitedLog =>
      new LimitedLog((line) => this.log[level](line), clock ?? new SystemClock());
    this.limited = { warn: limited('warn'), error: limited('error') };
  }

  /** Logs the error and sends the response. Called by Nest. */
  catch(error: OxdError, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw error;
    const status = httpStatus(error);
    this.report(error, status);
    const response: unknown = host.switchToHttp().getResponse();
    const { httpAdapter } = this.#adapterHost;
    if (httpAdapter.isHeadersSent(response)) return;
    httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
    for (const cookie of error.cookies ?? []) {
      httpAdapter.appendHeader?.(response, 'Set-Cookie', cookie);
    }
    // Messages of server errors contain addresses and responses of servers: for the log only.
    const message = status < 500 ? error.message : UNAVAILABLE;
    this.answer(error, { statusCode: status, error: error.code, message }, response);
  }

  private report(error: OxdError, status: number): void {
    const line = `${error.code}: ${error.message}`;
    const isRejectedLogin = error instanceof LoginStateError || error instanceof LoginRefusedError;
    // The message of a rejected login quotes the callback, so each request could have another one.
    this.limited[status < 500 ? 'warn' : 'error'].log(line, isRejectedLogin ? error.code : line);
  }

  /** Sends the response, by default as JSON. `response` is that of Express or Fastify. */
  protected answer(_error: OxdError, body: OxdErrorBody, response: unknown): void {
    this.#adapterHost.httpAdapter.reply(response, body, body.statusCode);
  }
}

const UNAVAILABLE = 'The service is temporarily unavailable. The reason is in the log.';
