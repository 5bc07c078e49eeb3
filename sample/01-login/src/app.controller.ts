import {
  Controller,
  ForbiddenException,
  Get,
  Post,
  Query,
  Redirect,
  Req,
  Res,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import {
  OidcService,
  OxdCommandError,
  OxdOptions,
  OxdUser,
  type ClientTokenResult,
  type OxdUserProfile,
  type UserTokens,
} from 'nestjs-oxd';
import { ProfileLoginGuard } from './login.guard.js';
import { homePage, profilePage } from './pages.js';

@Controller()
export class AppController {
  private readonly origin: string;

  constructor(
    private readonly oidc: OidcService,
    private readonly options: OxdOptions,
  ) {
    this.origin = new URL(options.baseUrl).origin;
  }

  @Get()
  home(@Req() { session }: Request): string {
    return homePage(session.user);
  }

  /** Starts a login: the guard redirects to the provider. */
  @Get('login')
  @UseGuards(ProfileLoginGuard)
  login(): void {}

  /** Receives the browser from the provider; the guard has finished the login. */
  @Get('callback')
  @UseGuards(ProfileLoginGuard)
  @Redirect()
  async callback(@Req() request: Request, @OxdUser() user: OxdUserProfile) {
    // Regenerates the session id: an id planted before the login must not become authenticated.
    await regenerate(request);
    request.session.user = user;
    return { url: (request.authInfo as { returnTo: string }).returnTo };
  }

  @Get('profile')
  profile(
    @Req() { session }: Request,
    @Res() response: Response,
    @Query('refreshed') refreshed?: string,
  ): void {
    if (session.user) response.send(profilePage(session.user, refreshed !== undefined));
    else response.redirect('/login');
  }

  @Post('refresh')
  @Redirect('/profile?refreshed', 303)
  async refresh(@Req() request: Request): Promise<void> {
    this.checkOrigin(request);
    const user = this.userOf(request);
    const { refresh_token } = user.tokens;
    if (refresh_token === undefined) {
      throw new UnauthorizedException('The provider issued no refresh token.');
    }
    const { scope } = this.options.site;
    const renewed = await this.oidc
      .getAccessTokenByRefreshToken({ refresh_token, scope })
      .catch(rejectRefresh);
    request.session.user = { ...user, tokens: renewedTokens(user.tokens, renewed) };
  }

  @Post('logout')
  @Redirect(undefined, 303)
  async logout(@Req() request: Request) {
    this.checkOrigin(request);
    const { id_token } = this.userOf(request).tokens;
    // Ends the local session first: an unavailable provider must not keep the user logged in.
    await destroy(request);
    const { post_logout_redirect_uri } = this.options.site;
    const { uri } = await this.oidc.getLogoutUri({
      id_token_hint: id_token,
      post_logout_redirect_uri,
    });
    return { url: uri };
  }

  /** Leads a reloaded address of a form back to the home page. */
  @Get(['refresh', 'logout'])
  @Redirect('/')
  back(): void {}

  /** Rejects forms of other sites, which must not act for a logged-in user. */
  private checkOrigin({ headers }: Request): void {
    if (headers.origin !== this.origin) {
      throw new ForbiddenException(`This form does not come from ${this.origin}.`);
    }
  }

  private userOf({ session }: Request): OxdUserProfile {
    if (!session.user) throw new UnauthorizedException('You are not logged in.');
    return session.user;
  }
}

/** Renewed tokens; without a new refresh token in the response, the old one stays valid. */
function renewedTokens(old: UserTokens, renewed: ClientTokenResult): UserTokens {
  const { access_token, expires_in, refresh_token = old.refresh_token } = renewed;
  const expires_at = expires_in && Math.floor(Date.now() / 1000) + expires_in;
  return { id_token: old.id_token, access_token, refresh_token, expires_at };
}

/** Ends the login when the provider rejects the refresh token. */
function rejectRefresh(error: unknown): never {
  if (!(error instanceof OxdCommandError)) throw error;
  throw new UnauthorizedException('The provider no longer renews this login.', { cause: error });
}

function regenerate({ session }: Request): Promise<void> {
  return new Promise((resolve, reject) =>
    session.regenerate((error?: Error) => (error ? reject(error) : resolve())),
  );
}

function destroy({ session }: Request): Promise<void> {
  return new Promise((resolve, reject) =>
    session.destroy((error?: Error) => (error ? reject(error) : resolve())),
  );
}
