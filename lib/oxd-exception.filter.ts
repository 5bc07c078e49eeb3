import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { OxdError } from './errors.js';
import { httpStatus } from './http-status.js';

/** Body of the answer that {@link OxdExceptionFilter} gives. */
export interface OxdErrorBody {
  /** The HTTP status. */
  readonly statusCode: number;
  /** Code of the error. */
  readonly error: string;
  /** What happened and what to do. */
  readonly message: string;
}

/**
 * Turns the errors of this package into HTTP: login errors 401, transport and store 503, commands
 * 502. Removes the cookie of a login that is over, and logs every error. Add it with
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
    this.log[status === 401 ? 'warn' : 'error'](`${error.code}: ${error.message}`);
    const response: unknown = host.switchToHttp().getResponse();
    const { httpAdapter } = this.adapterHost;
    httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
    for (const cookie of error.cookies ?? []) {
      httpAdapter.appendHeader?.(response, 'Set-Cookie', cookie);
    }
    this.answer(error, { statusCode: status, error: error.code, message: error.message }, response);
  }

  /** Writes the answer: JSON here. `response` is that of Express or Fastify. */
  protected answer(_error: OxdError, body: OxdErrorBody, response: unknown): void {
    this.adapterHost.httpAdapter.reply(response, body, body.statusCode);
  }
}
