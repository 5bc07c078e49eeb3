import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { OxdModule } from 'nestjs-oxd';
import { oxdConfig } from 'nestjs-oxd/config';
import { AlbumsController } from './albums.controller.js';
import { DemoController } from './demo.controller.js';
import { RegisteredClient } from './registered-client.js';

@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true, load: [oxdConfig] }),
    OxdModule.forRootAsync(oxdConfig.asProvider()),
  ],
  controllers: [AlbumsController, DemoController],
  providers: [RegisteredClient],
})
export class AppModule {}
