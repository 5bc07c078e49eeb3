import {
  Catch,
  HttpException,
  Logger,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import type { Response } from 'express';
import { LoginRefusedError, OxdError, OxdExceptionFilter, type OxdErrorBody } from 'nestjs-oxd';
import { errorPage, type Refusal } from './pages.js';

/** Pages for what nestjs-oxd refuses: a login that is not good, a provider that is down. */
@Catch(OxdError)
export class OxdErrorPageFilter extends OxdExceptionFilter {
  protected override answer(error: OxdError, body: OxdErrorBody, response: Response): void {
    response.status(body.statusCode).send(errorPage(explain(error), error.code));
  }
}

/** Pages for everything else. */
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

function explain(error: OxdError): Refusal {
  if (error.code.startsWith('OXD_TRANSPORT_')) return OXD_SERVER_DOWN;
  if (error instanceof LoginRefusedError && error.error !== 'access_denied') {
    return { ...REFUSED, text: `It answered: ${error.error}. Try again in a moment.` };
  }
  return EXPLANATIONS[error.code] ?? BROKEN;
}

function describe(status: number, error: unknown): Refusal {
  if (status === 404) return { title: 'There is nothing here', text: 'Check the address.' };
  if (status >= 500 || !(error instanceof Error)) return BROKEN;
  const title = status === 401 ? 'Please log in again' : 'That is not possible';
  return { title, text: error.message };
}

const BROKEN: Refusal = {
  title: 'Something went wrong here',
  text: 'It is not your fault. Try again in a moment; the log of the application tells more.',
};

const OXD_SERVER_DOWN: Refusal = {
  title: 'oxd-server does not answer',
  text: 'The login service of this site is down. Try again in a moment.',
};

const REFUSED: Refusal = { title: 'The provider refused the login', text: '' };

const EXPLANATIONS: Partial<Record<OxdError['code'], Refusal>> = {
  OIDC_LOGIN_REFUSED: {
    title: 'You did not allow the login',
    text: 'Nothing was passed on about you. To use this application, log in again and allow it.',
  },
  OIDC_STATE_MISSING: {
    title: 'This browser has no login under way',
    text:
      'Perhaps it was finished before. Otherwise cookies are blocked, or it began at another ' +
      'address: localhost and 127.0.0.1 share no cookies.',
  },
  OIDC_STATE_UNKNOWN: {
    title: 'This login began in another browser',
    text: 'A login ends in the browser that began it. If somebody sent you this link, do not trust it.',
  },
  OIDC_STATE_EXPIRED: {
    title: 'The login took too long',
    text: 'For your safety a login must be finished within a few minutes.',
  },
  OIDC_STATE_USED: {
    title: 'This login is over',
    text: 'It was finished before, perhaps by going back or reloading the page.',
  },
  OXD_COMMAND_FAILED: {
    title: 'The provider did not do its part',
    text: 'It is down, or gave an answer that is not good. Try again in a moment.',
  },
  OXD_STORE_UNAVAILABLE: {
    title: 'The store does not answer',
    text: 'This site cannot keep logins at the moment. Try again in a moment.',
  },
};
