import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { OxdError } from './base/errors.js';
import { httpStatus } from './http/http-status.js';

/** Body of the answer that {@link OxdExceptionFilter} gives. */
export interface OxdErrorBody {
  /** The HTTP status. */
  readonly statusCode: number;
  /** Code of the error. */
  readonly error: string;
  /** What happened and what to do; of a failure behind the application only that there was one. */
  readonly message: string;
}

/**
 * Turns the errors of this package into HTTP: login errors 401, what the authorization server
 * refuses 403, transport and store 503, commands 502. Neither tickets nor tokens are in the answer
 * or the log. Removes the cookie of a login that is over, and logs every error. Add it with
 * `@UseFilters(OxdExceptionFilter)` or as `APP_FILTER`; override `answer()` for pages of your own.
 */
@Catch(OxdError)
export class OxdExceptionFilter implements ExceptionFilter<OxdError> {
  private readonly log = new Logger(OxdExceptionFilter.name);

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  /** Called by Nest. */
  catch(error: OxdError, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw error;
    const status = httpStatus(error);
    this.log[status < 500 ? 'warn' : 'error'](`${error.code}: ${error.message}`);
    const response: unknown = host.switchToHttp().getResponse();
    const { httpAdapter } = this.adapterHost;
    if (httpAdapter.isHeadersSent(response)) return;
    httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
    for (const cookie of error.cookies ?? []) {
      httpAdapter.appendHeader?.(response, 'Set-Cookie', cookie);
    }
    // Where servers are and what they said is for the log, not for everybody.
    const message = status < 500 ? error.message : UNAVAILABLE;
    this.answer(error, { statusCode: status, error: error.code, message }, response);
  }

  /** Writes the answer: JSON here. `response` is that of Express or Fastify. */
  protected answer(_error: OxdError, body: OxdErrorBody, response: unknown): void {
    this.adapterHost.httpAdapter.reply(response, body, body.statusCode);
  }
}

const UNAVAILABLE = 'This cannot be answered at the moment. The reason is in the log.';
