import { Controller, Get, Module, Param, ParseIntPipe, UseGuards } from '@nestjs/common';
import {
  OxdModule,
  OxdUser,
  Rpt,
  UmaGuard,
  UmaProtected,
  type OxdUserProfile,
  type UmaPermission,
} from 'nestjs-oxd';
import { LoginGuard, OidcStrategy } from 'nestjs-oxd/passport';

@Controller()
export class LoginController {
  @Get(['login', 'callback'])
  @UseGuards(LoginGuard)
  hello(@OxdUser() user: OxdUserProfile) {
    return { name: user.claims.name };
  }
}

@Controller('albums')
@UseGuards(UmaGuard)
export class AlbumsController {
  @Get(':id')
  @UmaProtected({ scopes: ['view'] })
  find(
    @Param('id', ParseIntPipe) id: number,
    @Rpt('sub') sub = 'unknown',
    @Rpt() permissions: readonly UmaPermission[] = [],
  ) {
    return { id, sub, scopes: permissions.flatMap(({ resource_scopes }) => resource_scopes) };
  }
}

export const oxd = OxdModule.forRoot({
  site: {
    op_host: 'https://op.example.com',
    authorization_redirect_uri: 'http://localhost:3000/callback',
  },
});

@Module({
  imports: [oxd],
  controllers: [LoginController, AlbumsController],
  providers: [OidcStrategy],
})
export class AppModule {}
