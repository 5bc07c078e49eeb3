import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import session from 'express-session';
import { OxdOptions, type OxdUserProfile } from 'nestjs-oxd';
import { AppModule } from './app.module.js';

declare module 'express-session' {
  interface SessionData {
    /** Logged-in user with tokens; safe here because the session stays on the server. */
    user: OxdUserProfile;
  }
}

const app = await NestFactory.create<NestExpressApplication>(AppModule);
const config = app.get(ConfigService);
const port = config.get<string>('PORT', '3000');
const { baseUrl } = app.get(OxdOptions);
const secure = new URL(baseUrl).protocol === 'https:';

app.enableShutdownHooks();
app.disable('x-powered-by');
app.use((_request: Request, response: Response, next: NextFunction) => {
  response.set({
    'Cache-Control': 'no-store',
    'Content-Security-Policy':
      "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
  });
  next();
});
app.useStaticAssets(join(import.meta.dirname, '../public'));
app.use(
  // Sessions are in memory; set the option `store` of express-session for several processes.
  session({
    // Applications on one host share cookies, whatever their ports: each has its own name.
    name: 'sample-01.sid',
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
