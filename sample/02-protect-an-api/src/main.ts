import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { AppModule } from './app.module.js';

const app = await NestFactory.create<NestExpressApplication>(AppModule);
const port = app.get(ConfigService).get<string>('PORT', '3001');

app.enableShutdownHooks();
app.disable('x-powered-by');
app.use((_request: Request, response: Response, next: NextFunction) => {
  response.set({
    'Content-Security-Policy':
      "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
  });
  next();
});
app.useStaticAssets(join(import.meta.dirname, '../public'));

await app.listen(port, 'localhost');
Logger.log(`Open http://localhost:${port} in a browser.`, 'Sample');
