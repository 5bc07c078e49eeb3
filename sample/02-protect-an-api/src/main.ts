import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Logger } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import session from 'express-session';
import { OxdOptions } from 'nestjs-oxd';
import { AppModule } from './app.module.js';

const app = await NestFactory.create<NestExpressApplication>(AppModule);
const config = app.get(ConfigService);
const port = config.get<string>('PORT', '3001');
const { baseUrl } = app.get(OxdOptions);
const secure = new URL(baseUrl).protocol === 'https:';

app.enableShutdownHooks();
app.disable('x-powered-by');
app.use((_request: Request, response: Response, next: NextFunction) => {
  response.set({
    'Cache-Control': 'no-store',
    'Content-Security-Policy':
      "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
  });
  next();
});
app.useStaticAssets(join(import.meta.dirname, '../public'));
app.useStaticAssets(
  fileURLToPath(new URL('docs', import.meta.resolve('nestjs-oxd/package.json'))),
  { prefix: '/docs/', setHeaders: (response: Response) => response.type('text/plain') },
);
app.use(
  // Sessions are in memory; set the option `store` of express-session for several processes.
  session({
    // Applications on one host share cookies, whatever their ports: each has its own name.
    name: 'sample-02.sid',
    secret: config.getOrThrow<string>('SESSION_SECRET'),
    resave: false,
    saveUninitialized: false,
    // Without `proxy` no Secure cookie is set behind a proxy that ends TLS.
    proxy: secure,
    cookie: { httpOnly: true, sameSite: 'lax', secure },
  }),
);

await app.listen(port, 'localhost');
Logger.log(`Open http://localhost:${port} in a browser.`, 'Sample');
