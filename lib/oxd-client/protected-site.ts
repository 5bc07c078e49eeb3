import { OxdCommandError } from '../base/errors.js';
import { isRest } from '../commands/dialect/https-paths.js';
import type { OxdVersion } from '../commands/oxd-transport.js';
import type { RegisterSiteResult } from '../commands/registration.js';
import type { SiteOptions } from '../options/oxd.options.js';
import { DEFAULT_SCOPE } from '../site/site-parameters.js';
import type { SetupClient } from './protection-token.js';

/** Returns true for a site whose client oxd registered. */
export function isOwnClient({ client_id, oxd_id }: SiteOptions): boolean {
  return !client_id && !oxd_id;
}

/** Adds the scope of protection tokens to the scopes of a client. `setup_client` of 3.1.4 does so itself. */
export function withProtectionScope<P extends Scoped>(params: P): P {
  return withScope(params, 'oxd');
}

/**
 * Returns the parameters of `setup_client`. oxd 3.1.1 checks protection tokens with the setup client,
 * which needs `uma_protection` for this; later versions add the scope.
 */
export function setupRegistration<P extends SiteOptions>(version: OxdVersion, params: P): P {
  const isComplete = version !== '3.1.1' || !isOwnClient(params);
  return isComplete ? params : withScope(params, 'uma_protection');
}

type Scoped = Pick<SiteOptions, 'scope'>;

function withScope<P extends Scoped>(params: P, added: string): P {
  const { scope = DEFAULT_SCOPE } = params;
  return { ...params, scope: [...new Set([...scope, added])] };
}

/** Returns the registration of a site whose client obtains protection tokens of oxd 4. */
export function protectedRegistration<P extends SiteOptions>(params: P): P {
  if (!isOwnClient(params)) return params;
  const { grant_types = ['authorization_code'] } = params;
  return {
    ...withProtectionScope(params),
    grant_types: [...new Set([...grant_types, 'client_credentials'])],
  };
}

/**
 * Returns the client of a site of oxd 4, which obtains its protection tokens.
 *
 * @throws {OxdCommandError} OXD_COMMAND_FAILED, `no_client_secret_returned`
 */
export function registeredClient(
  { client_id, client_secret }: RegisterSiteResult,
  site: SiteOptions,
): SetupClient {
  const client = client_id && client_secret ? { client_id, client_secret } : undefined;
  const setup = client ? setupClient(site, client) : givenClient(site);
  if (setup) return setup;
  const command = 'register_site';
  throw new OxdCommandError(
    'register_site returned no client_secret, and oxd-server requires a protection token.',
    { error: 'no_client_secret_returned' },
    { command, mayHaveRun: true },
  );
}

/** Returns the client of the options; undefined if the options have none. */
export function givenClient(site: SiteOptions): SetupClient | undefined {
  const { client_id, client_secret } = site;
  if (!client_id || !client_secret) return undefined;
  return setupClient(site, { client_id, client_secret });
}

/** Adds the location of the provider to a client. */
export function setupClient(
  { op_host, op_discovery_path, op_configuration_endpoint }: SiteOptions,
  client: Pick<SetupClient, 'client_id' | 'client_secret'>,
): SetupClient {
  return { op_host, op_discovery_path, op_configuration_endpoint, ...client };
}

/** Error for a site of the options that comes without the client for its protection tokens. */
export function missingClient(
  version: OxdVersion,
  { error, command }: OxdCommandError,
): OxdCommandError {
  const client = isRest(version)
    ? 'the client of the site, which needs the scope oxd'
    : 'the setup client of the site';
  return new OxdCommandError(
    `${command ?? 'The command'} failed: oxd-server requires a protection token. Set ` +
      `site.client_id and site.client_secret: those of ${client}.`,
    { error },
    { command },
  );
}
