import {
  Catch,
  HttpException,
  Logger,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import type { Response } from 'express';
import { LoginRefusedError, OxdError, OxdExceptionFilter, type OxdErrorBody } from 'nestjs-oxd';
import { errorPage, type ErrorText } from './pages.js';

/** Error pages for nestjs-oxd: failed logins, unavailable provider. */
@Catch(OxdError)
export class OxdErrorPageFilter extends OxdExceptionFilter {
  protected override answer(error: OxdError, body: OxdErrorBody, response: Response): void {
    response.status(body.statusCode).send(errorPage(explain(error), error.code));
  }
}

/** Error pages for all other errors. */
@Catch()
export class ErrorPageFilter implements ExceptionFilter {
  private readonly log = new Logger(ErrorPageFilter.name);

  catch(error: unknown, host: ArgumentsHost): void {
    const status = error instanceof HttpException ? error.getStatus() : 500;
    if (status >= 500) this.log.error(error);
    const response = host.switchToHttp().getResponse<Response>();
    response.status(status).send(errorPage(describe(status, error), `HTTP ${status}`));
  }
}

function explain(error: OxdError): ErrorText {
  if (error.code.startsWith('OXD_TRANSPORT_')) return OXD_SERVER_DOWN;
  if (error instanceof LoginRefusedError && error.error !== 'access_denied') {
    return {
      ...LOGIN_DENIED,
      text: `It returned the error ${error.error}. Try again in a moment.`,
    };
  }
  return EXPLANATIONS[error.code] ?? BROKEN;
}

function describe(status: number, error: unknown): ErrorText {
  if (status === 404) return { title: 'There is nothing here', text: 'Check the address.' };
  if (status >= 500 || !(error instanceof Error)) return BROKEN;
  const title = status === 401 ? 'Please log in again' : 'That is not possible';
  return { title, text: error.message };
}

const BROKEN: ErrorText = {
  title: 'Something went wrong here',
  text: 'It is not your fault. Try again in a moment; the log of the application has the details.',
};

const OXD_SERVER_DOWN: ErrorText = {
  title: 'oxd-server does not respond',
  text: 'The login service of this site is down. Try again in a moment.',
};

const LOGIN_DENIED: ErrorText = { title: 'The provider denied the login', text: '' };

const EXPLANATIONS: Partial<Record<OxdError['code'], ErrorText>> = {
  OIDC_LOGIN_REFUSED: {
    title: 'You did not allow the login',
    text: 'The application received nothing about you. To use it, log in again and allow the access.',
  },
  OIDC_STATE_MISSING: {
    title: 'This browser has no login in progress',
    text:
      'Perhaps it is finished already. Otherwise cookies are blocked, or it began at another ' +
      'address: localhost and 127.0.0.1 share no cookies.',
  },
  OIDC_STATE_UNKNOWN: {
    title: 'This login began in another browser',
    text: 'A login must end in the browser that began it. If you received this link from another person, do not trust it.',
  },
  OIDC_STATE_EXPIRED: {
    title: 'The login took too long',
    text: 'For your safety a login must be finished within a few minutes.',
  },
  OIDC_STATE_USED: {
    title: 'This login was used already',
    text: 'It is finished already, perhaps because you went back or reloaded the page.',
  },
  OXD_COMMAND_FAILED: {
    title: 'The provider failed',
    text: 'It is down, or sent an invalid response. Try again in a moment.',
  },
  OXD_STORE_UNAVAILABLE: {
    title: 'The store does not respond',
    text: 'This site cannot store logins at the moment. Try again in a moment.',
  },
};
