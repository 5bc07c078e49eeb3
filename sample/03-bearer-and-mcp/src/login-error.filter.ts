import { Catch } from '@nestjs/common';
import type { Response } from 'express';
import { OxdError, OxdExceptionFilter, type OxdErrorBody } from 'nestjs-oxd';
import { errorPage } from './pages.js';

/** Error page for failed logins; the API responds with JSON. */
@Catch(OxdError)
export class LoginErrorFilter extends OxdExceptionFilter {
  protected override answer(_error: OxdError, body: OxdErrorBody, response: Response): void {
    response.status(body.statusCode).send(errorPage(body.message));
  }
}
