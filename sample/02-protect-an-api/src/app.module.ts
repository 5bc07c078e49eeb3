import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { OxdModule } from 'nestjs-oxd';
import { oxdConfig } from 'nestjs-oxd/config';
import { OidcStrategy } from 'nestjs-oxd/passport';
import { AlbumResources, withAlbumPaths } from './album-resources.js';
import { AlbumsController } from './albums.controller.js';
import { DemoController } from './demo.controller.js';
import { LoginController } from './login.controller.js';

@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true, load: [oxdConfig] }),
    OxdModule.forRootAsync({ inject: [oxdConfig.KEY], useFactory: withAlbumPaths }),
  ],
  controllers: [AlbumsController, DemoController, LoginController],
  providers: [AlbumResources, OidcStrategy],
})
export class AppModule {}
