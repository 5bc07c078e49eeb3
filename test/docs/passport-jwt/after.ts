import { Controller, Delete, Get, Module, Param, UseGuards } from '@nestjs/common';
import { BearerGuard, BearerProtected, OxdModule, OxdUser } from 'nestjs-oxd';

@Controller('albums')
@UseGuards(BearerGuard)
export class AlbumsController {
  @Get()
  @BearerProtected()
  list(@OxdUser('sub') sub: string) {
    return { albums: [], sub };
  }

  @Delete(':id')
  @BearerProtected({ scopes: ['albums:write'] })
  remove(@Param('id') id: string) {
    return { removed: id };
  }
}

const oxd = OxdModule.forRoot({
  site: {
    op_host: process.env.PROVIDER ?? 'https://op.example.com',
    client_id: process.env.CLIENT_ID,
    client_secret: process.env.CLIENT_SECRET,
  },
  baseUrl: 'https://api.example.com',
  // Only for a provider on plain http, as in development.
  transport: { type: 'embedded', allowInsecureRequests: true },
  bearer: { audience: 'https://api.example.com' },
});

@Module({ imports: [oxd], controllers: [AlbumsController] })
export class AppModule {}
