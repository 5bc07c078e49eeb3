import { randomUUID } from 'node:crypto';
import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type {
  DynamicModule,
  INestApplication,
  LoggerService,
  Provider,
  Type,
} from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import {
  MemoryStore,
  OxdClock,
  OxdCommandError,
  OxdModule,
  type OxdModuleOptions,
  type OxdStore,
  type Params,
  type Result,
  type UmaResource,
} from '../../lib/index.js';
import { ScriptedTransport } from '../../lib/testing/testing.js';
import { ManualClock, settled } from './manual-clock.js';
import { registerSecret } from './secrets.js';

/** The HTTP adapters that the guard runs on. */
export const ADAPTERS = ['express', 'fastify'] as const;
export type Adapter = (typeof ADAPTERS)[number];

/** Adapter and options of a guard. */
export interface GuardCase {
  readonly name: string;
  readonly adapter: Adapter;
  readonly uma: OxdModuleOptions['uma'];
}

/** Guards that must deny the same requests: on each adapter, and with a cache. */
export const GUARDS: readonly GuardCase[] = [
  ...ADAPTERS.map((adapter) => ({ name: adapter, adapter, uma: {} })),
  { name: 'fastify with uma.cache', adapter: 'fastify', uma: { cache: {} } },
];

type Check = Params<'uma_rs_check_access'>;
type Checked = Result<'uma_rs_check_access'>;

export const SITE = {
  oxd_id: 'site-1',
  op_host: 'https://as.example.com',
  authorization_redirect_uri: 'https://photos.example.com:8443/callback',
};

/** An RPT that must never be printed. */
export function token(kind: string): string {
  const value = `${kind}-${randomUUID()}`;
  registerSecret(value);
  return value;
}

/** RPT, and the resource that it covers. */
export interface IssuedRpt {
  readonly rpt: string;
  /** Resource, such as `GET /albums`. */
  readonly resource: string;
}

/** Transport in memory that stores the protected resources and the issued RPTs. */
export class AuthorizationServer extends ScriptedTransport {
  readonly tickets: string[] = [];
  private readonly protectedHere = new Map<string, UmaResource>();
  private readonly good = new Set<string>();

  constructor() {
    super();
    this.reset();
  }

  /** Clears calls and scripts; protected resources stay. */
  reset(): void {
    this.calls.length = 0;
    this.script({
      uma_rs_protect: ({ oxd_id = '', resources }) => this.protect(oxd_id, resources),
      uma_rs_check_access: (params) => this.check(params),
    });
  }

  /** Issues an RPT for one resource, padded to a length. */
  issue(resource: string, length = 0): string {
    const rpt = token('rpt').padEnd(length, 'x');
    this.good.add(`${resource} ${rpt}`);
    return rpt;
  }

  /** Deletes a resource, as an administrator may do. */
  lose(path: string): void {
    this.protectedHere.delete(path.toLowerCase());
  }

  /** Parameters of all commands of one name so far. */
  sent<C extends 'uma_rs_protect' | 'uma_rs_check_access'>(command: C): Params<C>[] {
    const calls = this.calls.filter((call) => call.command === command);
    return calls.map(({ params }) => params as unknown as Params<C>);
  }

  /** Resources of the last `uma_rs_protect`, as `GET /albums`. */
  get lastProtected(): string[] {
    const { resources = [] } = this.sent('uma_rs_protect').at(-1) ?? {};
    return resources.flatMap(({ path, conditions }) =>
      conditions.flatMap(({ httpMethods }) => httpMethods.map((method) => `${method} ${path}`)),
    );
  }

  /** Default result of a check. */
  check({ path = '', http_method = '', rpt }: Check): Checked {
    const resource = this.protectedHere.get(path.toLowerCase());
    const known = resource?.conditions.some((one) => one.httpMethods.includes(http_method));
    if (!known) throw refusal('invalid_request');
    if (this.good.has(`${http_method} ${path} ${rpt}`)) {
      const permission = { resource_id: `id of ${path}`, resource_scopes: ['view'] };
      return { access: 'granted', permissions: [permission], sub: 'alice' };
    }
    return this.denied();
  }

  /** Denial with a new ticket, in the form of oxd. */
  denied(): Checked {
    const ticket = token('ticket');
    this.tickets.push(ticket);
    const header = `UMA realm="rs",as_uri="https://issuer.example.com",error="insufficient_scope",ticket="${ticket}"`;
    return { access: 'denied', ticket, 'www-authenticate_header': header };
  }

  private protect(oxd_id: string, resources: readonly UmaResource[]): { oxd_id: string } {
    for (const one of resources) this.protectedHere.set(one.path.toLowerCase(), one);
    return { oxd_id };
  }
}

/** Error with an error code of oxd. */
export function refusal(error: string): OxdCommandError {
  return new OxdCommandError(`The command was refused (${error}).`, { error });
}

/** Log lines of the application. */
export class LogLines implements LoggerService {
  readonly lines: string[] = [];
  /** Names of the loggers that logged the lines. */
  readonly loggers: unknown[] = [];

  /** Lines of level log, those of Nest included. */
  readonly infos: string[] = [];

  log = (message: unknown): void => void this.infos.push(String(message));
  debug = (message: unknown, ...rest: unknown[]): void => this.keep('debug', message, rest);
  warn = (message: unknown, ...rest: unknown[]): void => this.keep('warn', message, rest);
  error = (message: unknown, ...rest: unknown[]): void => this.keep('error', message, rest);

  /** Lines of a level that contain a string. */
  with(level: 'debug' | 'warn' | 'error', text: string): string[] {
    return this.lines.filter((line) => line.startsWith(`${level}: `) && line.includes(text));
  }

  private keep(level: string, message: unknown, rest: readonly unknown[]): void {
    this.loggers.push(rest.at(-1));
    this.lines.push(`${level}: ${String(message)}`);
  }
}

/** A response with its headers. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Request that is sent as given, without normalization of path or headers. */
export interface Asked {
  readonly method?: string;
  readonly path: string;
  /** Alternating names and values, so that a name may occur twice. */
  readonly headers?: readonly string[];
  readonly rpt?: string;
  readonly body?: string;
}

/** A running application. */
export interface RunningApp {
  readonly app: INestApplication;
  readonly clock: ManualClock;
  readonly log: LogLines;
  readonly ask: (asked: Asked | string) => Promise<Answer>;
  readonly close: () => Promise<void>;
}

/** A running application with one global `OxdModule`. */
export interface UmaApp extends RunningApp {
  readonly transport: AuthorizationServer;
}

/** Parts of a test application. */
export interface AppOptions {
  readonly adapter?: Adapter;
  readonly controllers?: Type[];
  readonly providers?: Provider[];
  readonly imports?: (Type | DynamicModule)[];
  readonly clock?: ManualClock;
  /** Largest size of the headers of a request, in bytes; default that of Node. */
  readonly maxHeaderSize?: number;
  /** Called before `compile()`: `overrideGuard()`, `overrideProvider()`. */
  readonly override?: (builder: TestingModuleBuilder) => unknown;
  /** Called before `listen()`: prefix, versioning, global guards, CORS. */
  readonly configure?: (app: INestApplication) => void;
}

/** Parts of a test application with one global `OxdModule` beside its `imports`. */
export interface UmaAppOptions extends AppOptions {
  readonly controllers: Type[];
  readonly transport?: AuthorizationServer;
  readonly options?: Partial<OxdModuleOptions>;
}

/** An `OxdModule` with transport and store in memory. */
export function oxdModule(
  transport: AuthorizationServer,
  options?: Partial<OxdModuleOptions> & { isGlobal?: boolean },
): DynamicModule {
  return OxdModule.forRoot({
    site: SITE,
    secret: 'a test secret of more than 32 characters',
    store: new MemoryStore(),
    transport,
    ...options,
  });
}

/** An `OxdModule` with the embedded transport, whose site may protect resources. */
export function embeddedOxdModule(
  site: Partial<OxdModuleOptions['site']> & { readonly op_host: string },
  { timeout, store }: { readonly timeout?: number; readonly store: OxdStore },
): DynamicModule {
  return OxdModule.forRoot({
    site: {
      authorization_redirect_uri: 'http://localhost:47124/callback',
      scope: ['openid', 'uma_protection'],
      ...site,
    },
    transport: { type: 'embedded', allowInsecureRequests: true, timeout },
    secret: 'a test secret of more than 32 characters',
    store,
    eager: true,
  });
}

/** Starts an application on a free port, with transport and store in memory. */
export async function startUmaApp(given: UmaAppOptions): Promise<UmaApp> {
  const { transport = new AuthorizationServer(), options, imports = [] } = given;
  const module = oxdModule(transport, { isGlobal: true, ...options });
  return { ...(await startApp({ ...given, imports: [module, ...imports] })), transport };
}

/** Starts an application that imports its own `OxdModule`s, on a free port. */
export async function startApp(given: AppOptions): Promise<RunningApp> {
  const { imports = [], controllers = [], providers = [], clock = new ManualClock() } = given;
  const log = new LogLines();
  const builder = Test.createTestingModule({ imports, controllers, providers });
  builder.setLogger(log).overrideProvider(OxdClock).useValue(clock);
  given.override?.(builder);
  const module = await builder.compile();
  const app = module.createNestApplication(httpAdapter(given.adapter, given.maxHeaderSize));
  given.configure?.(app);
  await app.listen(0, '127.0.0.1');
  await settled();
  const { port } = app.getHttpServer().address() as AddressInfo;
  const ask = (asked: Asked | string): Promise<Answer> =>
    send(port, typeof asked === 'string' ? { path: asked } : asked);
  return { app, clock, log, ask, close: () => app.close() };
}

/** Repeats a request until the response has this status, for work in the background. */
export async function eventually(ask: () => Promise<Answer>, status: number): Promise<Answer> {
  for (let times = 0; ; times++) {
    const answer = await ask();
    if (answer.status === status) return answer;
    if (times === 3000) throw new Error(`Still ${answer.status}, not ${status}.`);
    await settled();
  }
}

/** A new HTTP adapter of Nest. */
export function httpAdapter(
  adapter?: Adapter,
  maxHeaderSize?: number,
): ExpressAdapter | FastifyAdapter {
  if (adapter === 'fastify') return new FastifyAdapter({ http: { maxHeaderSize } });
  class SizedAdapter extends ExpressAdapter {
    override initHttpServer(): void {
      this.setHttpServer(createServer({ maxHeaderSize }, this.getInstance()));
    }
  }
  return new SizedAdapter();
}

function send(port: number, { method = 'GET', path, headers = [], rpt, body }: Asked) {
  const bearer = rpt === undefined ? [] : ['Authorization', `Bearer ${rpt}`];
  // Without a length Node sends a chunked body, for which Fastify requires a content type.
  const length = ['Content-Length', String(Buffer.byteLength(body ?? ''))];
  const raw = ['Host', '127.0.0.1', ...headers, ...bearer, ...length];
  return new Promise<Answer>((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method, path, headers: raw, agent: false };
    const request = httpRequest(options as object, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}
