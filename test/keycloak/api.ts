import { createServer } from 'node:http';
import type { INestApplication, Type } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import {
  MemoryStore,
  OxdClock,
  OxdModule,
  UmaService,
  type EmbeddedTransportOptions,
  type OxdModuleOptions,
} from '../../lib/index.js';
import { registerSecret } from '../support/secrets.js';
import { LogLines } from '../support/uma-app.js';
import { LIMIT } from './admin.js';
import type { Realm, ResourceServer } from './realm.js';

/** Limit for the headers of a request: a long RPT does not fit into Node's default of 16 KiB. */
const MAX_HEADERS = 65_536;

/** Response of the application. */
export interface ApiResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** Permission ticket of the challenge. */
  readonly ticket?: string;
}

export interface ApiOptions {
  readonly controllers: readonly Type[];
  /** Clock of the application; default that of the machine. */
  readonly clock?: OxdClock;
  /** Client of the realm that the application is; default `albums-api`. */
  readonly server?: ResourceServer;
  readonly transport?: Partial<EmbeddedTransportOptions>;
  readonly options?: Partial<Omit<OxdModuleOptions, 'site' | 'transport'>>;
  /** Options of the site beside provider, client and redirect URI. */
  readonly site?: Partial<OxdModuleOptions['site']>;
}

/** Accepts requests with long headers. */
class LongHeaderAdapter extends ExpressAdapter {
  override initHttpServer(): void {
    this.httpServer = createServer({ maxHeaderSize: MAX_HEADERS }, this.getInstance());
  }
}

/** A running application that protects its routes at a resource server of a realm. */
export class Api {
  private constructor(
    readonly app: INestApplication,
    readonly log: LogLines,
    private readonly origin: string,
  ) {}

  static async start(realm: Realm, given: ApiOptions): Promise<Api> {
    const { server = 'albums-api' } = given;
    const log = new LogLines();
    const builder = Test.createTestingModule({
      imports: [
        OxdModule.forRoot({
          site: {
            op_host: realm.issuer,
            authorization_redirect_uri: 'http://localhost:47125/callback',
            client_id: server,
            client_secret: realm.secretOf(server),
            ...given.site,
          },
          secret: 'a test secret of more than 32 characters',
          store: new MemoryStore(),
          transport: { type: 'embedded', allowInsecureRequests: true, ...given.transport },
          eager: true,
          ...given.options,
        }),
      ],
      controllers: [...given.controllers],
    }).setLogger(log);
    if (given.clock) builder.overrideProvider(OxdClock).useValue(given.clock);
    const module = await builder.compile();
    const app = module.createNestApplication(new LongHeaderAdapter());
    await app.listen(0, '127.0.0.1');
    return new Api(app, log, await app.getUrl());
  }

  get uma(): UmaService {
    return this.app.get(UmaService);
  }

  /** Requests a path, with a bearer token or without. */
  async ask(path: string, bearer?: string): Promise<ApiResponse> {
    const headers = bearer === undefined ? undefined : { authorization: `Bearer ${bearer}` };
    const response = await fetch(this.origin + path, {
      headers,
      signal: AbortSignal.timeout(LIMIT),
    });
    const challenge = response.headers.get('www-authenticate') ?? '';
    const ticket = /ticket="([^"]+)"/.exec(challenge)?.[1];
    if (ticket) registerSecret(ticket);
    return {
      status: response.status,
      headers: response.headers,
      body: await response.text(),
      ticket,
    };
  }

  close(): Promise<void> {
    return this.app.close();
  }
}
