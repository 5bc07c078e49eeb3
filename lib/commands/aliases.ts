import { OxdCommandError } from '../base/errors.js';
import type { CommandName, Params } from './command.js';

/** Other names of parameters, each with the name in the contract. */
export type AliasTable = Readonly<Record<string, string>>;

/** Other names of parameters of a site. Source: README of oxd-ruby for oxd 3.1.1. */
export const SITE_ALIASES = {
  /** Other name of `post_logout_redirect_uri`. */
  post_logout_redirect_url: 'post_logout_redirect_uri',
  /** Other name of `client_frontchannel_logout_uris`. */
  client_logout_uris: 'client_frontchannel_logout_uris',
} as const;

/**
 * Other names of parameters in the documentation of oxd 3.1.1 and of its clients. oxd itself ignores
 * them.
 */
const ALIASES = {
  setup_client: SITE_ALIASES,
  register_site: SITE_ALIASES,
  update_site: SITE_ALIASES,
  get_authorization_url: {
    /** Other name of `custom_parameters`. */
    custom_params: 'custom_parameters',
  },
  get_user_info: {
    /** Other name of `access_token`. */
    accessToken: 'access_token',
  },
  get_logout_uri: {
    /** Other name of `post_logout_redirect_uri`. */
    postLogoutRedirectUrl: 'post_logout_redirect_uri',
  },
} as const satisfies { readonly [C in CommandName]?: Readonly<Record<string, keyof Params<C>>> };

/** The commands that have parameters with another name, and these names. */
type Aliases = typeof ALIASES;

/** The other names by command. */
export const COMMAND_ALIASES: { readonly [C in CommandName]?: AliasTable } = ALIASES;

/** Parameters of command `C` that have another name, under that name; all optional. */
export type AliasedParams<C extends keyof Aliases> = {
  readonly [N in keyof Aliases[C]]?: Params<C>[Aliases[C][N] & keyof Params<C>];
};

/**
 * Parameters of command `C` as the methods of the services accept them: also under the names of oxd's
 * documentation, such as `accessToken` for `access_token`. One parameter under both names is an error.
 */
export type GivenParams<C extends CommandName> = C extends keyof Aliases
  ? | (Params<C> & AliasedParams<C>)
    | (Omit<Params<C>, Aliases[C][keyof Aliases[C]] & string> & Required<AliasedParams<C>>)
  : Params<C>;

/**
 * Returns parameters under the names of the contract, `op_discovery_path` with its leading slash.
 *
 * @throws {OxdCommandError} OXD_COMMAND_FAILED when one parameter is set under both names
 */
export function contractParams<C extends CommandName>(
  command: C,
  given: Params<C> | GivenParams<C>,
): Params<C> {
  const aliases = COMMAND_ALIASES[command] ?? {};
  const [twice] = namedTwice(aliases, given);
  if (twice) {
    const message = `${command} was not sent: ${twice.join(' and ')} are one parameter; pass one of them.`;
    throw new OxdCommandError(message, { error: 'bad_request' }, { command });
  }
  // This cast is safe: every other name is replaced by that of the contract.
  return contractSpelling(aliases, given) as Params<C>;
}

/** Returns the pairs of other name and contract name that are both set. */
export function namedTwice(aliases: AliasTable, given: object): (readonly [string, string])[] {
  const names = setParams(given).map(([name]) => name);
  return Object.entries(aliases).filter((pair) => pair.every((name) => names.includes(name)));
}

/** Returns an object with contract names, and `op_discovery_path` with its leading slash. */
export function contractSpelling(aliases: AliasTable, given: object): Record<string, unknown> {
  const renamed = setParams(given).map(([name, value]) => [
    Object.hasOwn(aliases, name) ? aliases[name] : name,
    name === 'op_discovery_path' ? withSlash(value) : value,
  ]);
  return Object.fromEntries(renamed) as Record<string, unknown>;
}

/** Null counts as not set. */
function setParams(given: object): [string, unknown][] {
  return Object.entries(given).filter(([, value]) => value !== undefined && value !== null);
}

/** A path without the slash would otherwise continue the host name of the provider. */
function withSlash(path: unknown): unknown {
  return typeof path === 'string' && /^[^/]/.test(path) ? `/${path}` : path;
}
