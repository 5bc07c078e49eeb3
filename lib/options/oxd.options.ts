import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import type { RegisterSiteParams } from '../commands/registration.js';
import { OxdConfigurationError } from '../base/errors.js';
import { STORE_FILE } from '../store/file-store.js';
import { checkOptions, checkTransport } from './option-rules.js';
import { checkSite } from './site-option-rules.js';
import { MemoryStore, type OxdStore } from '../store/oxd-store.js';
import type { OxdTransport } from '../commands/oxd-transport.js';

/** Option `site`: the params of `register_site`, and what names a site that exists already. */
export interface SiteOptions extends Omit<RegisterSiteParams, 'protection_access_token'> {
  /** Id of a site that oxd knows already: nothing is registered. */
  readonly oxd_id?: string;
}

/** Option `transport`, the default: commands are carried out in this process. */
export interface EmbeddedTransportOptions {
  /** Commands are carried out in this process. */
  readonly type: 'embedded';
  /**
   * Allows a provider on plain http; default false. Where `NODE_ENV` is `production` only for
   * loopback hosts. Addresses on plain http in `addresses` do not need it.
   */
  readonly allowInsecureRequests?: boolean;
  /**
   * Certificates (PEM) of a private certificate authority, in addition to the usual ones. TLS is
   * always verified: `NODE_TLS_REJECT_UNAUTHORIZED` has no effect.
   */
  readonly ca?: string | readonly string[];
  /**
   * URL of an http or https forward proxy, with user name and password if it needs them; `false`
   * ignores the environment. Default: `HTTPS_PROXY`, else `HTTP_PROXY`, in lower or upper case, but
   * never for a provider on plain http on a loopback host. `NO_PROXY` counts in both cases. Every
   * request goes through a CONNECT tunnel.
   */
  readonly proxy?: string | false;
  /**
   * Origins to dial in place of public ones, such as
   * `{ 'https://sso.example.com': 'http://keycloak:8080' }` for a provider inside the network;
   * default none. `Host`, TLS server name and the expected issuer stay those of the public origin.
   * These connections use no proxy. Plain http is accepted for the addresses named here.
   */
  readonly addresses?: Readonly<Record<string, string>>;
  /**
   * Limit for each request to the provider, in milliseconds; default 10000. An access check with all
   * its requests ends within twice this time.
   */
  readonly timeout?: number;
  /** Token that the provider asks for at dynamic registration (RFC 7591 §3). */
  readonly initialAccessToken?: string;
  /**
   * Whether an RPT needs one of the scopes of a condition (`any`, as with oxd) or all of them
   * (`all`); default `any`. A `scope_expression` decides by itself.
   */
  readonly requiredScopes?: 'any' | 'all';
}

/** Option `transport`: an oxd-server 3.1.x on TCP. */
export interface SocketTransportOptions {
  /** Commands are sent to an oxd-server on TCP. */
  readonly type: 'socket';
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 8099. */
  readonly port?: number;
  /**
   * Version of oxd-server: `3.1.1`, `3.1.2`, `3.1.3` or `3.1.4`; default `3.1.4`, which is for 3.1.5
   * to 3.1.8 as well. Another value is refused. A wrong version is not detected: with 3.1.4 for a
   * real 3.1.1, a logout without `id_token_hint` ends the session of the last user; with
   * 3.1.1 for a real 3.1.4, the hint is lost.
   */
  readonly version?: SocketVersion;
  /** Connections at most; one command is under way on each. Default 8. */
  readonly connections?: number;
  /** Commands that may wait for a connection; one more is refused at once. Default 1024. */
  readonly maxQueue?: number;
  /** Limit for establishing a connection, in milliseconds; default 3000. */
  readonly connectTimeout?: number;
  /** Limit for a command, its wait for a connection included, in milliseconds; default 30000. */
  readonly timeout?: number;
}

/** Versions of oxd-server on TCP that speak in their own way; 3.1.5 to 3.1.8 speak as 3.1.4. */
export type SocketVersion = '3.1.1' | '3.1.2' | '3.1.3' | '3.1.4';

/** Option `login`. */
export interface LoginOptions {
  /**
   * Time that a user has to log in at the provider, in milliseconds; at least 1000, default 1800000.
   * On oxd at most 300000: oxd-server forgets a login after 5 minutes.
   */
  readonly stateLifetime?: number;
  /**
   * Requests userinfo in every login (`true`; a provider without the endpoint is then an error) or in
   * none (`false`; the user is the claims of the id_token). Default: if the provider has the
   * endpoint, and always on oxd.
   */
  readonly userinfo?: boolean;
}

/** What `@UmaProtected` declares of one route, as `uma.paths` is told it. */
export interface UmaRouteDeclaration {
  /** The declared path: the route's template where none was named, such as `/albums/:id`. */
  readonly path: string;
  /** The declared method. */
  readonly http_method: string;
  /** The handler, as `AlbumsController.find`. */
  readonly handler: string;
}

/**
 * Names the concrete resource of a path template, for instance `/albums/77`. It must have been
 * protected with `UmaService.protect()`; anything else is refused with 403.
 *
 * @param params the route's parameters as the router decoded them
 */
export type UmaPathResolver = (
  declaration: UmaRouteDeclaration,
  params: Readonly<Record<string, string>>,
) => string | Promise<string>;

/** Option `uma`. */
export interface UmaOptions {
  /** Names the concrete resource of a path template; default the template itself. */
  readonly paths?: UmaPathResolver;
  /**
   * Lets start-up remove what this application had protected and no longer declares, and on oxd
   * change what it declares otherwise; default false. Embedded then deletes the resources that it
   * created and that are declared no longer, those of `UmaService.protect()` among them. **oxd
   * deletes every resource and creates it anew: the policies that an administrator attached to them
   * are lost.** It fails where one of them is gone already.
   */
  readonly overwrite?: boolean;
}

/** What `OxdModule.forRoot()` takes. */
export interface OxdModuleOptions {
  /**
   * Name of this module, unique among the modules of a process: of its Passport strategy, the prefix
   * of its login cookies, and in log lines unless it is the default. 1 to 32 lower-case letters,
   * digits and hyphens, beginning with a letter; default `oxd`.
   */
  readonly name?: string;
  /** The site: the params of `register_site` in their wire names. */
  readonly site: SiteOptions;
  /** How commands are carried out; default `{ type: 'embedded' }`. */
  readonly transport?: EmbeddedTransportOptions | SocketTransportOptions | OxdTransport;
  /**
   * Seals the login cookie: at least 32 characters. Of a list the first seals, all open: put a
   * new one in front and remove the old one later. Left out, each process makes its own, which
   * ends logins at a restart; required where `NODE_ENV` is `production`.
   */
  readonly secret?: string | readonly string[];
  /**
   * Store of registrations, resources and logins under way: the path of a JSON file, or an instance.
   * Default `.oxd/store.json`; a `MemoryStore` where `NODE_ENV` is `test` and with a transport
   * instance. One application at a time can use a file. The module closes only a file that it opened.
   */
  readonly store?: OxdStore | string;
  /** True makes start-up wait for the registration and fail with it; default false. */
  readonly eager?: boolean;
  /** Login. */
  readonly login?: LoginOptions;
  /** Protected resources. */
  readonly uma?: UmaOptions;
}

/** Made by `useClass` and `useExisting` of `OxdModule.forRootAsync()`. */
export interface OxdOptionsFactory {
  /** The options, or a promise of them. */
  createOxdOptions(): OxdModuleOptions | Promise<OxdModuleOptions>;
}

/** The options with every default filled in; frozen. Injectable by this class. */
export abstract class OxdOptions {
  /** Name of the module: Passport strategy, cookie prefix, log lines. */
  readonly name: string;
  /** The site, `scope` filled in. */
  readonly site: SiteOptions;
  /** The transport's options, or the instance that was given. */
  readonly transport:
    | (EmbeddedTransportOptions &
        Required<
          Pick<EmbeddedTransportOptions, 'allowInsecureRequests' | 'timeout' | 'requiredScopes'>
        >)
    | Required<SocketTransportOptions>
    | OxdTransport;
  /** The first seals, all open. */
  readonly secret: readonly string[];
  /** Whether `secret` was left out and made up for this process. */
  readonly secretIsRandom: boolean;
  /** The store instance, or the path of the JSON file. */
  readonly store: OxdStore | string;
  /** Whether start-up waits for the registration. */
  readonly eager: boolean;
  /** Login. */
  readonly login: LoginOptions & Required<Pick<LoginOptions, 'stateLifetime'>>;
  /** Protected resources. */
  readonly uma: UmaOptions & Required<Pick<UmaOptions, 'overwrite'>>;
}

/** Name of an `OxdModule` without the option `name`. */
export const DEFAULT_NAME = 'oxd';

const DEFAULTS = {
  embedded: {
    type: 'embedded',
    allowInsecureRequests: false,
    timeout: 10_000,
    requiredScopes: 'any',
  },
  socket: {
    type: 'socket',
    host: '127.0.0.1',
    port: 8099,
    version: '3.1.4',
    connections: 8,
    maxQueue: 1024,
    connectTimeout: 3_000,
    timeout: 30_000,
  },
  login: { stateLifetime: 1_800_000 },
  uma: { overwrite: false },
  scope: ['openid', 'profile', 'email'],
} as const;

/** Setting `state_expiration_in_minutes` of oxd-server by default, in milliseconds. */
const OXD_STATE_LIFETIME = 300_000;

const SECRET_MISSING = 'secret: is required in production; set at least 32 random characters';

/**
 * Checks the options, fills in the defaults and freezes the result.
 *
 * @param environment value of `NODE_ENV`
 * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID, listing every problem
 */
export function resolveOptions(
  options: OxdModuleOptions,
  environment: string | undefined = process.env.NODE_ENV,
): OxdOptions {
  const issues = optionIssues(options, environment);
  if (issues.length > 0) throw new OxdConfigurationError(issues);
  const { name, site, transport = DEFAULTS.embedded, secret, store, eager, login, uma } = options;
  return deepFreeze({
    name: name ?? DEFAULT_NAME,
    site: { scope: DEFAULTS.scope, ...structuredClone(defined(site)) },
    transport: withDefaults(transport),
    secret: secret === undefined ? [randomBytes(32).toString('base64url')] : [secret].flat(),
    secretIsRandom: secret === undefined,
    store: store ?? defaultStore(transport, environment),
    eager: eager ?? false,
    login: resolveLogin(defined(login ?? {}), transport),
    uma: { ...DEFAULTS.uma, ...defined(uma ?? {}) },
  });
}

function optionIssues(options: OxdModuleOptions, environment?: string): string[] {
  // Validation clones what it is given: what the user made passes by.
  const { store, transport = DEFAULTS.embedded, secret, uma, ...plain } = options ?? {};
  const { paths, ...umaPlain } = uma ?? {};
  const found = checkOptions({ ...plain, uma: umaPlain });
  return [
    ...found,
    ...checkSite(plain.site ?? {}, {
      transport: isTransport(transport) ? undefined : transport,
      production: environment === 'production',
      found,
    }),
    ...checkPaths(paths),
    ...(isTransport(transport) ? [] : checkTransport(transport ?? {})),
    ...checkSecret(secret, environment),
    ...checkStore(store),
  ];
}

/** A test and a scripted transport must neither lock nor change the file of an application. */
function defaultStore(
  transport: OxdModuleOptions['transport'],
  environment?: string,
): OxdStore | string {
  return environment === 'test' || isTransport(transport) ? new MemoryStore() : STORE_FILE;
}

function withDefaults(
  transport: NonNullable<OxdModuleOptions['transport']>,
): OxdOptions['transport'] {
  if (isTransport(transport)) return transport;
  if (transport.type === 'socket') return { ...DEFAULTS.socket, ...defined(transport) };
  return withHiddenCredentials({ ...DEFAULTS.embedded, ...structuredClone(defined(transport)) });
}

/** Omits user name and password of the proxy from every printed form. */
function withHiddenCredentials<T extends EmbeddedTransportOptions>(transport: T): T {
  const { proxy } = transport;
  if (!proxy || new URL(proxy).username === '') return transport;
  const { protocol, host } = new URL(proxy);
  const printed = () => ({ ...transport, proxy: `${protocol}//<hidden>@${host}` });
  return Object.defineProperties(transport, {
    toJSON: { value: printed },
    [inspect.custom]: { value: printed },
  });
}

function checkSecret(secret: OxdModuleOptions['secret'], environment?: string): string[] {
  if (secret === undefined) return environment === 'production' ? [SECRET_MISSING] : [];
  const list = [secret].flat();
  const good = list.length > 0 && list.every((one) => typeof one === 'string' && one.length >= 32);
  return good ? [] : ['secret: must be a string of at least 32 characters, or a list of such'];
}

function checkStore(store: unknown): string[] {
  if (store === undefined) return [];
  if (typeof store === 'string') return store.trim() === '' ? ['store: must not be blank'] : [];
  const methods = ['get', 'set', 'delete'] as const;
  const fits = methods.every((name) => typeof (store as OxdStore | null)?.[name] === 'function');
  return fits
    ? []
    : ['store: must be the path of a file, or have the methods get, set and delete, see OxdStore'];
}

function checkPaths(paths: unknown): string[] {
  if (paths === undefined || typeof paths === 'function') return [];
  return ['uma.paths: must be a function (declaration, params) => path'];
}

function resolveLogin(
  login: LoginOptions,
  transport: NonNullable<OxdModuleOptions['transport']>,
): OxdOptions['login'] {
  const { stateLifetime = DEFAULTS.login.stateLifetime } = login;
  const limit = transportSide(transport) === 'oxd' ? OXD_STATE_LIFETIME : stateLifetime;
  return { ...login, stateLifetime: Math.min(stateLifetime, limit) };
}

/** In this process, by an oxd-server, or by a transport of the application. */
export type TransportSide = 'embedded' | 'oxd' | 'custom';

/** Returns the kind of peer that executes the commands. */
export function transportSide(
  transport: NonNullable<OxdModuleOptions['transport']>,
): TransportSide {
  if (!isTransport(transport)) return transport.type === 'socket' ? 'oxd' : 'embedded';
  return transport.version === 'contract' ? 'custom' : 'oxd';
}

/** Whether the user brought a transport instead of describing one. */
export function isTransport(value: OxdModuleOptions['transport']): value is OxdTransport {
  return typeof (value as OxdTransport | undefined)?.execute === 'function';
}

function defined<T extends object>(value: T): T {
  return Object.fromEntries(
    Object.entries(value).filter(([, member]) => member !== undefined && member !== null),
  ) as T;
}

/** Freezes plain data only: a store or a transport must stay as its maker left it. */
function deepFreeze<T>(value: T): T {
  const plain =
    Array.isArray(value) || (value && Object.getPrototypeOf(value) === Object.prototype);
  if (!plain) return value;
  Object.values(value as object).forEach(deepFreeze);
  return Object.freeze(value);
}
