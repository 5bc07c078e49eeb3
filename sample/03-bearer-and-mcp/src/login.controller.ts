import { Controller, Get, Injectable, Redirect, Req, UseFilters, UseGuards } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { OidcService, OxdOptions, OxdUser, type OxdUserProfile } from 'nestjs-oxd';
import { LoginGuard, type LoginAuthenticateOptions } from 'nestjs-oxd/passport';
import { LoginErrorFilter } from './login-error.filter.js';

/**
 * Requests a token for the API (RFC 8707) that may read albums. `/login?write` requests more,
 * `/login?strong` a login with a one-time code, and `/login?other` always shows the login page.
 */
@Injectable()
class ApiLoginGuard extends LoginGuard {
  constructor(
    oidc: OidcService,
    private readonly options: OxdOptions,
  ) {
    super(oidc);
  }

  override getAuthenticateOptions(context: ExecutionContext): LoginAuthenticateOptions {
    const { write, strong, other } = context.switchToHttp().getRequest<Request>().query;
    const { resource = '' } = this.options.bearer;
    return {
      scope: ['openid', 'profile', 'albums:read', ...(write === undefined ? [] : ['albums:write'])],
      params: { resource },
      ...(strong !== undefined && { acr_values: ['strong'] }),
      ...(other !== undefined && { prompt: 'login' }),
    };
  }
}

/** Login of the visitor, as in sample 01. */
@Controller()
@UseFilters(LoginErrorFilter)
export class LoginController {
  @Get('login')
  @UseGuards(ApiLoginGuard)
  login(): void {}

  @Get('callback')
  @UseGuards(ApiLoginGuard)
  @Redirect()
  async callback(@Req() request: Request, @OxdUser() user: OxdUserProfile) {
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
