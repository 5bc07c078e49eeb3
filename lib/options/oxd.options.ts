import { randomBytes } from 'node:crypto';
import type { RegisterSiteParams } from '../commands/registration.js';
import type { AliasedParams } from '../commands/aliases.js';
import type { UmaMode } from '../commands/uma.js';
import { aliasIssues, withContractSite } from './site-aliases.js';
import { isProduction } from '../base/environment.js';
import { OxdConfigurationError } from '../base/errors.js';
import { STORE_FILE } from '../store/file-store.js';
import { baseUrlProblems } from './base-url.js';
import {
  bearerProblems,
  resolveBearer,
  type BearerOptions,
  type ResolvedBearerOptions,
} from './bearer-options.js';
import type { HttpsTransportOptions } from './https-transport-options.js';
import { printedOptions, printedSite, printedTransport } from './printed-options.js';
import { checkOptions } from './option-rules.js';
import { checkTransport } from './transport-rules.js';
import { checkSite } from './site-option-rules.js';
import { MemoryStore, type OxdStore } from '../store/oxd-store.js';
import type { OxdTransport } from '../commands/oxd-transport.js';
import { deepFreeze } from '../base/deep-freeze.js';
import { withoutUndefined } from '../base/json.js';
import { DEFAULT_SCOPE } from '../site/site-parameters.js';

/** Option `site`: the parameters of `register_site`, or the id of a registered site. */
export interface SiteOptions
  extends
    Omit<RegisterSiteParams, 'protection_access_token' | 'authorization_redirect_uri'>,
    AliasedParams<'register_site'> {
  /**
   * Absolute URL to which the provider redirects the browser after a login. Required, except for an API
   * without login on embedded, which has `baseUrl` and `client_id` instead.
   */
  readonly authorization_redirect_uri?: string;
  /** Id of a site that is registered already. With it the module registers no site. */
  readonly oxd_id?: string;
}

/** Option `transport`, the default: commands are executed in this process. */
export interface EmbeddedTransportOptions {
  /** Executes commands in this process; the default. */
  readonly type?: 'embedded';
  /**
   * Allows a provider on plain http; default false. If `NODE_ENV` is `production`, only loopback
   * hosts are allowed. Addresses on plain http in `addresses` do not need this option.
   */
  readonly allowInsecureRequests?: boolean;
  /**
   * Certificates (PEM) of private certificate authorities, in addition to those of Node.js. TLS
   * certificates are always verified: `NODE_TLS_REJECT_UNAUTHORIZED` has no effect.
   */
  readonly ca?: string | readonly string[];
  /**
   * URL of an http or https forward proxy, with user name and password if the proxy requires them;
   * `false` ignores the environment. Default: `HTTPS_PROXY`, else `HTTP_PROXY`, in lower or upper case,
   * but never for a provider on plain http on a loopback host. `NO_PROXY` applies to the option and to
   * the environment. Every request uses a CONNECT tunnel.
   */
  readonly proxy?: string | false;
  /**
   * Internal origins by public origin, such as
   * `{ 'https://sso.example.com': 'http://keycloak:8080' }` for a provider inside the network;
   * default none. Requests to the public origin connect to the internal one; `Host`, TLS server name
   * and expected issuer remain those of the public origin. These connections use no proxy. Internal
   * origins may use plain http.
   */
  readonly addresses?: Readonly<Record<string, string>>;
  /**
   * Time limit of each request to the provider, in milliseconds; default 10000. An access check with
   * all its requests ends within twice this time.
   */
  readonly timeout?: number;
  /** Initial access token that the provider requires at dynamic registration (RFC 7591 §3). */
  readonly initialAccessToken?: string;
  /**
   * Scopes of a condition that an RPT needs: one of them (`any`, as with oxd) or all of them (`all`);
   * default `any`. A condition with `scope_expression` ignores this option.
   */
  readonly requiredScopes?: 'any' | 'all';
}

/** Option `transport`: an oxd-server 3.1.x over TCP. */
export interface SocketTransportOptions {
  /** Sends commands to an oxd-server over TCP. */
  readonly type: 'socket';
  /** Host name or address of oxd-server; default `127.0.0.1`. */
  readonly host?: string;
  /** TCP port of oxd-server; default 8099. */
  readonly port?: number;
  /**
   * Version of oxd-server: `3.1.1`, `3.1.2`, `3.1.3` or `3.1.4`; default `3.1.4`. Use `3.1.4` for 3.1.5
   * to 3.1.8 as well; other values are rejected. A wrong version is not detected: if the option is
   * 3.1.4 and the server 3.1.1, a logout without `id_token_hint` ends the session of the last user; if
   * the option is 3.1.1 and the server 3.1.4, the hint is lost.
   */
  readonly version?: SocketVersion;
  /** Maximum number of connections; each executes one command at a time. Default 8. */
  readonly connections?: number;
  /** Maximum number of commands that wait for a connection; further ones fail. Default 1024. */
  readonly maxQueue?: number;
  /** Time limit for establishing a connection, in milliseconds; default 3000. */
  readonly connectTimeout?: number;
  /** Time limit of a command including its wait in the queue, in milliseconds; default 30000. */
  readonly timeout?: number;
}

/** Versions of oxd-server over TCP that differ in the protocol; 3.1.5 to 3.1.8 equal 3.1.4. */
export type SocketVersion = '3.1.1' | '3.1.2' | '3.1.3' | '3.1.4';

/** Option `login`. */
export interface LoginOptions {
  /**
   * Time that a user has to log in at the provider, in milliseconds; at least 1000, default 1800000.
   * With oxd the maximum is 300000, because oxd-server deletes the state of a login after 5 minutes.
   */
  readonly stateLifetime?: number;
  /**
   * `true` requests userinfo in every login and fails if the provider has no userinfo endpoint.
   * `false` requests none; the user consists of the claims of the ID token. Default: requests userinfo
   * if the provider has the endpoint, and always with oxd.
   */
  readonly userinfo?: boolean;
}

/** Declaration of `@UmaProtected` for one route, as passed to `uma.paths`. */
export interface UmaRouteDeclaration {
  /** Declared path; by default the path template of the route, such as `/albums/:id`. */
  readonly path: string;
  /** Declared HTTP method. */
  readonly http_method: string;
  /** Name of the handler, such as `AlbumsController.find`. */
  readonly handler: string;
}

/**
 * Returns the path of the concrete resource of a request, for instance `/albums/77`. The resource must
 * have been registered with `UmaService.protect()`; for any other path the guard responds 403.
 *
 * @param params parameters of the route as decoded by the router
 */
export type UmaPathResolver = (
  declaration: UmaRouteDeclaration,
  params: Readonly<Record<string, string>>,
) => string | Promise<string>;

/** Option `uma.cache`. */
export interface UmaCacheOptions {
  /**
   * Maximum time that a granted check is reused, in milliseconds; at most 300000, default 30000. The
   * expiry of the RPT and of each of its permissions shortens it. 0 caches nothing.
   */
  readonly ttl?: number;
  /**
   * Maximum number of cached RPTs, on oxd and custom transports of granted checks; a further one replaces
   * the least recently used. Default 10000.
   */
  readonly max?: number;
}

/** Option `uma`. */
export interface UmaOptions {
  /**
   * Mode of declarations without their own `mode`. `rpt` requires an RPT of UMA 2.0. `decision` lets the
   * authorization server decide about the user's ordinary access token, without a ticket (Keycloak); not
   * on oxd. Default `rpt`.
   */
  readonly mode?: UmaMode;
  /** Returns the concrete path of a path template; default: the template is the path. */
  readonly paths?: UmaPathResolver;
  /**
   * True lets the module delete registered resources at startup that the application no longer
   * declares, and with oxd also change declared ones; default false. Embedded deletes only resources
   * that it created, including those of `UmaService.protect()`. **oxd deletes every resource and creates
   * all of them again: policies that an administrator attached to them are lost.** oxd fails if one of
   * the resources is already deleted.
   */
  readonly overwrite?: boolean;
  /**
   * True lets the guard check an RPT of the format of Keycloak by its signature, without a request to
   * the authorization server; default false, embedded only. The RPT must be a JWT with an asymmetric
   * algorithm, a key of the authorization server, its issuer, our `client_id` in `aud`, `sub`, `exp`,
   * `typ` `Bearer` and `authorization.permissions`; any other token is introspected. **A verified RPT
   * is valid until its `exp`: a logout, a revocation of the RPT and a disabled user are not noticed
   * before.** An introspection notices each of them at once. A key that the authorization server
   * removes is accepted for up to 10 minutes, the lifetime of the discovery. For a sensitive operation
   * the handler can call `UmaService.introspectRpt()`.
   *
   * @see RFC 9068 §4
   */
  readonly localVerification?: boolean;
  /**
   * Caches introspected RPTs in memory, so that `UmaGuard` sends no request for an RPT that it has just
   * checked; `{}` takes the defaults. Default: off. **A revoked RPT is accepted for up to `ttl`.** The
   * cache may grant and never deny: an RPT that lacks a permission is introspected again. On oxd and
   * custom transports, granted checks are cached instead, by RPT, path, method and scopes: there the
   * expiry of an opaque RPT is unknown, so that it is accepted for up to `ttl` after its expiry, too. In
   * mode `decision` granted decisions are cached, by token, resource, scopes and claims.
   */
  readonly cache?: UmaCacheOptions;
}

/** Options of `OxdModule.forRoot()`. */
export interface OxdModuleOptions {
  /**
   * Name of the Passport strategy and prefix of the login cookies, unique among the modules of a
   * process; log lines contain it unless it is the default. 1 to 32 lower-case letters, digits and
   * hyphens, beginning with a letter; default `oxd`.
   */
  readonly name?: string;
  /** Site: the parameters of `register_site` in their wire names. */
  readonly site: SiteOptions;
  /**
   * Root of the application: an absolute URL without query, fragment and user name. `returnTo` of a
   * login must be beneath it and defaults to it; its host is the realm of UMA challenges. If `NODE_ENV`
   * is `production`, it must be https unless its host is loopback. Default: the origin of
   * `site.authorization_redirect_uri`.
   */
  readonly baseUrl?: string;
  /** Transport that executes the commands; default `{ type: 'embedded' }`. */
  readonly transport?:
    EmbeddedTransportOptions | SocketTransportOptions | HttpsTransportOptions | OxdTransport;
  /**
   * Secret that encrypts the login cookie, and the result of a refresh in the store of several replicas;
   * at least 32 characters. With a list, the first secret encrypts and every secret decrypts: to rotate,
   * prepend the new secret and remove the old one later. Default: a random secret per process, so that
   * a restart ends logins in progress and replicas share nothing. Required if `NODE_ENV` is `production`.
   */
  readonly secret?: string | readonly string[];
  /**
   * Store of registrations, resources and logins in progress: path of a JSON file, or an instance.
   * Default `.oxd/store.json`; a `MemoryStore` if `NODE_ENV` is `test` or `transport` is an instance.
   * One process at a time can use a file. The module closes only a file that it opened itself.
   */
  readonly store?: OxdStore | string;
  /** True makes startup wait for the registration and fail with it; default false. */
  readonly eager?: boolean;
  /** Options of login. */
  readonly login?: LoginOptions;
  /** Options of protected resources. */
  readonly uma?: UmaOptions;
  /** Options of access tokens that protect routes without UMA. */
  readonly bearer?: BearerOptions;
}

/** Factory for `useClass` and `useExisting` of `OxdModule.forRootAsync()`. */
export interface OxdOptionsFactory {
  /** Returns the options, or a promise of them. */
  createOxdOptions(): OxdModuleOptions | Promise<OxdModuleOptions>;
}

/** Options with every default filled in; frozen. Injectable by this class. */
export abstract class OxdOptions {
  /** Name of the Passport strategy and prefix of the login cookies. */
  readonly name: string;
  /** Site, with the default of `scope`. */
  readonly site: SiteOptions;
  /** Root of the application. */
  readonly baseUrl: string;
  /** Options of the transport with their defaults, or the instance of the application. */
  readonly transport:
    | (EmbeddedTransportOptions &
        Required<
          Pick<
            EmbeddedTransportOptions,
            'type' | 'allowInsecureRequests' | 'timeout' | 'requiredScopes'
          >
        >)
    | Required<SocketTransportOptions>
    | (HttpsTransportOptions & Required<Pick<HttpsTransportOptions, 'connections' | 'timeout'>>)
    | OxdTransport;
  /** Secrets of login cookie and shared refreshes: the first encrypts, every one decrypts. */
  readonly secret: readonly string[];
  /** True if `secret` was omitted and generated for this process. */
  readonly secretIsRandom: boolean;
  /** Store instance, or path of the JSON file. */
  readonly store: OxdStore | string;
  /** True if startup waits for the registration. */
  readonly eager: boolean;
  /** Options of login. */
  readonly login: LoginOptions & Required<Pick<LoginOptions, 'stateLifetime'>>;
  /** Options of protected resources. */
  readonly uma: Omit<UmaOptions, 'cache'> &
    Required<Pick<UmaOptions, 'mode' | 'overwrite' | 'localVerification'>> & {
      /** Limits of the cache; undefined without a cache. */
      readonly cache?: Required<UmaCacheOptions>;
    };
  /** Options of access tokens. */
  readonly bearer: ResolvedBearerOptions;
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
  https: { connections: 8, timeout: 30_000 },
  login: { stateLifetime: 1_800_000 },
  uma: { mode: 'rpt', overwrite: false, localVerification: false },
  cache: { ttl: 30_000, max: 10_000 },
  scope: DEFAULT_SCOPE,
} as const;

/** Default of the oxd-server setting `state_expiration_in_minutes`, in milliseconds. */
const OXD_STATE_LIFETIME = 300_000;

const SECRET_MISSING = 'secret: is required in production; set at least 32 random characters';

/**
 * Validates the options, fills in the defaults and freezes the result.
 *
 * @param environment value of `NODE_ENV`; `prod` counts as `production`, in any case
 * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID, listing every problem
 */
export function resolveOptions(
  given: OxdModuleOptions,
  environment: string | undefined = process.env.NODE_ENV,
): OxdOptions {
  const options = withContractSite(given);
  const issues = [...aliasIssues(given), ...optionIssues(options, environment)];
  if (issues.length > 0) throw new OxdConfigurationError(issues);
  const { name, site, baseUrl, transport = DEFAULTS.embedded, secret } = options;
  const { store, eager, login, uma, bearer } = options;
  const resolved = {
    name: name ?? DEFAULT_NAME,
    site: printedSite({ scope: DEFAULTS.scope, ...structuredClone(withoutUndefined(site)) }),
    baseUrl: baseUrl ?? new URL(site.authorization_redirect_uri ?? '').origin,
    transport: withDefaults(transport),
    secret: secret === undefined ? [randomBytes(32).toString('base64url')] : [secret].flat(),
    secretIsRandom: secret === undefined,
    store: store ?? defaultStore(transport, environment),
    eager: eager ?? false,
    login: resolveLogin(withoutUndefined(login ?? {}), transport),
    uma: resolveUma(withoutUndefined(uma ?? {})),
    bearer: resolveBearer(bearer ?? {}, transportSide(transport) === 'embedded'),
  };
  return deepFreeze(printedOptions(resolved));
}

function optionIssues(options: OxdModuleOptions, environment?: string): string[] {
  // class-validator clones its input: instances and functions of the user are checked separately.
  const { store, transport = DEFAULTS.embedded, secret, baseUrl, ...plain } = options ?? {};
  const { paths, ...uma } = plain.uma ?? {};
  const { roles, ...bearer } = plain.bearer ?? {};
  const issues = checkOptions({ ...plain, uma, bearer });
  const production = isProduction(environment);
  const side = transportSide(isTransport(transport) ? transport : withType(transport));
  return [
    ...issues,
    ...checkSite(plain.site ?? {}, {
      transport: isTransport(transport) ? undefined : withType(transport),
      isOxd: side === 'oxd',
      production,
      issues,
      hasBaseUrl: Boolean(baseUrl),
    }),
    ...baseUrlProblems(baseUrl, production),
    ...checkPaths(paths),
    ...checkLocalVerification(uma, side),
    ...checkMode(uma, side),
    ...bearerProblems({ ...bearer, roles }, side === 'embedded'),
    ...(isTransport(transport) ? [] : checkTransport(transport)),
    ...checkSecret(secret, production),
    ...checkStore(store),
  ];
}

/** Tests and custom transports must neither lock nor change the store file of an application. */
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
  if (transport.type === 'socket') return { ...DEFAULTS.socket, ...withoutUndefined(transport) };
  if (transport.type === 'https') {
    return printedTransport({ ...DEFAULTS.https, ...structuredClone(withoutUndefined(transport)) });
  }
  return printedTransport({
    ...DEFAULTS.embedded,
    ...structuredClone(withoutUndefined(withType(transport))),
  });
}

/** Adds the default to the options of a transport without a type. */
function withType<T extends { readonly type?: string }>(transport: T): T {
  return { ...transport, type: transport?.type ?? DEFAULTS.embedded.type };
}

function checkSecret(secret: OxdModuleOptions['secret'], production: boolean): string[] {
  if (secret === undefined) return production ? [SECRET_MISSING] : [];
  const list = [secret].flat();
  const isValid =
    list.length > 0 && list.every((item) => typeof item === 'string' && item.length >= 32);
  if (!isValid) {
    return ['secret: must be a string of at least 32 characters, or a list of such strings'];
  }
  const isRepeated = list.some((item) => new Set(item).size === 1);
  return isRepeated ? ['secret: must not repeat one character; set 32 random characters'] : [];
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

function checkLocalVerification(uma: UmaOptions, side: TransportSide): string[] {
  return uma.localVerification && side !== 'embedded' ? [LOCAL_VERIFICATION] : [];
}

function checkMode(uma: UmaOptions, side: TransportSide): string[] {
  return uma.mode === 'decision' && side === 'oxd' ? [MODE_ON_OXD] : [];
}

const MODE_ON_OXD =
  "uma.mode: 'decision' is not supported by oxd; remove it, or use the embedded transport";

const LOCAL_VERIFICATION =
  'uma.localVerification: is supported by the embedded transport only; remove it';

function resolveUma({ cache, ...uma }: UmaOptions): OxdOptions['uma'] {
  const limits = cache && { ...DEFAULTS.cache, ...withoutUndefined(cache) };
  return { ...DEFAULTS.uma, ...uma, ...(limits && { cache: limits }) };
}

function resolveLogin(
  login: LoginOptions,
  transport: NonNullable<OxdModuleOptions['transport']>,
): OxdOptions['login'] {
  const { stateLifetime = DEFAULTS.login.stateLifetime } = login;
  const limit = transportSide(transport) === 'oxd' ? OXD_STATE_LIFETIME : stateLifetime;
  return { ...login, stateLifetime: Math.min(stateLifetime, limit) };
}

/** Executor of the commands: this process, an oxd-server, or a custom transport. */
export type TransportSide = 'embedded' | 'oxd' | 'custom';

/** Returns the executor of the commands of a transport. */
export function transportSide(
  transport: NonNullable<OxdModuleOptions['transport']>,
): TransportSide {
  if (isTransport(transport)) return transport.version === 'contract' ? 'custom' : 'oxd';
  return transport.type === 'socket' || transport.type === 'https' ? 'oxd' : 'embedded';
}

/** Returns true for a transport instance, false for the options of a transport. */
export function isTransport(value: OxdModuleOptions['transport']): value is OxdTransport {
  return typeof (value as OxdTransport | undefined)?.execute === 'function';
}
