import { Controller, Get, Redirect, Req, UseFilters, UseGuards } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { OxdUser, type OxdUserProfile } from 'nestjs-oxd';
import { LoginGuard, type LoginAuthenticateOptions } from 'nestjs-oxd/passport';
import { LoginErrorFilter } from './login-error.filter.js';

/** Logs in without a question when the provider knows the browser; `/login?other` always asks. */
class VisitorLoginGuard extends LoginGuard {
  override getAuthenticateOptions(context: ExecutionContext): LoginAuthenticateOptions {
    const { other } = context.switchToHttp().getRequest<Request>().query;
    return other === undefined ? {} : { prompt: 'login' };
  }
}

/** Login of the requesting party, as in sample 01. */
@Controller()
@UseFilters(LoginErrorFilter)
export class LoginController {
  @Get('login')
  @UseGuards(VisitorLoginGuard)
  login(): void {}

  @Get('callback')
  @UseGuards(VisitorLoginGuard)
  @Redirect()
  async callback(@Req() request: Request, @OxdUser() user: OxdUserProfile) {
    // Another user must not inherit the waiting ticket, nor the id of the session.
    await regenerate(request);
    request.session.user = user;
    return { url: (request.authInfo as { returnTo: string }).returnTo };
  }
}

function regenerate({ session }: Request): Promise<void> {
  return new Promise((resolve, reject) =>
    session.regenerate((error?: Error) => (error ? reject(error) : resolve())),
  );
}
