import { join } from 'node:path';
import { ConfigService } from '@nestjs/config';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import session from 'express-session';
import { OxdOptions } from 'nestjs-oxd';

const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
};

/** Adds security headers, static files and the session of the page. API and MCP server need none. */
export function configure(app: NestExpressApplication): void {
  const config = app.get(ConfigService);
  const secure = new URL(app.get(OxdOptions).baseUrl).protocol === 'https:';
  app.disable('x-powered-by');
  app.use((_request: Request, response: Response, next: NextFunction) => {
    response.set(HEADERS);
    next();
  });
  app.useStaticAssets(join(import.meta.dirname, '../public'));
  app.use(
    // Sessions are in memory; set the option `store` of express-session for several processes.
    session({
      // Applications on one host share cookies, whatever their ports: each has its own name.
      name: 'sample-03.sid',
      secret: config.getOrThrow<string>('SESSION_SECRET'),
      resave: false,
      saveUninitialized: false,
      // Without `proxy` no Secure cookie is set behind a proxy that ends TLS.
      proxy: secure,
      cookie: { httpOnly: true, sameSite: 'lax', secure },
    }),
  );
}
