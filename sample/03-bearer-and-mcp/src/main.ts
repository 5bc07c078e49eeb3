import { Logger } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { configure } from './application.js';

const app = await NestFactory.create<NestExpressApplication>(AppModule);
const port = app.get(ConfigService).get<string>('PORT', '3002');
app.enableShutdownHooks();
configure(app);
await app.listen(port, 'localhost');
Logger.log(`Open http://localhost:${port} in a browser.`, 'Sample');
