import {
  Controller,
  Delete,
  ForbiddenException,
  Get,
  Injectable,
  Module,
  Param,
  Req,
  UseGuards,
} from '@nestjs/common';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';

interface User {
  readonly sub: string;
  readonly scopes: readonly string[];
}

@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy) {
  constructor() {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKey: process.env.PROVIDER_KEY ?? '',
      algorithms: ['RS256'],
      issuer: process.env.PROVIDER,
      audience: 'https://api.example.com',
    });
  }

  validate({ sub, scope = '' }: { sub: string; scope?: string }): User {
    return { sub, scopes: scope.split(' ') };
  }
}

@Controller('albums')
@UseGuards(AuthGuard('jwt'))
export class AlbumsController {
  @Get()
  list(@Req() { user }: { user: User }) {
    return { albums: [], sub: user.sub };
  }

  @Delete(':id')
  remove(@Param('id') id: string, @Req() { user }: { user: User }) {
    if (!user.scopes.includes('albums:write')) throw new ForbiddenException();
    return { removed: id };
  }
}

@Module({ imports: [PassportModule], controllers: [AlbumsController], providers: [JwtStrategy] })
export class AppModule {}
