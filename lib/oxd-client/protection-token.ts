import { OxdCommandError } from '../base/errors.js';
import { SingleFlight } from '../base/single-flight.js';
import { isRest } from '../commands/dialect/https-paths.js';
import type { OxdVersion } from '../commands/oxd-transport.js';
import type { Send } from './command-sender.js';

/** Client whose tokens oxd-server accepts for a site. */
export interface SetupClient {
  readonly op_host: string;
  readonly op_discovery_path?: string;
  readonly op_configuration_endpoint?: string;
  readonly client_id: string;
  readonly client_secret: string;
}

/** Time before its expiry at which a token is renewed, in milliseconds, for commands in progress. */
const RENEWAL_MARGIN = 30_000;

/** oxd 3.1.4 and later check scope `oxd`, the versions before it `uma_protection`. */
const SCOPE = ['openid', 'uma_protection', 'oxd'];

/** The client of a site of oxd 4 has `uma_protection` only if the site protects resources. */
const OXD_4_SCOPE = ['openid', 'oxd'];

/**
 * Token that oxd requires with `protect_commands_with_access_token`: cached, one request at a time.
 * Source: oxd command `get_client_token`.
 */
export class ProtectionToken {
  private readonly flight = new SingleFlight<string>();
  private readonly scope: readonly string[];
  private cached: { client_id: string; token: string; validUntil: number } | undefined;

  constructor(
    private readonly send: Send,
    version: OxdVersion,
    private readonly clock: () => number = Date.now,
  ) {
    this.scope = isRest(version) ? OXD_4_SCOPE : SCOPE;
  }

  /** Returns the cached token of a client, or requests a new one. */
  async get(client: SetupClient): Promise<string> {
    const { cached } = this;
    if (cached?.client_id === client.client_id && this.clock() < cached.validUntil) {
      return cached.token;
    }
    return this.flight.run(client.client_id, () => this.fetch(client));
  }

  /** Deletes a rejected token from the cache, unless a newer one has replaced it. */
  drop(token: string): void {
    if (this.cached?.token === token) this.cached = undefined;
  }

  private async fetch(client: SetupClient): Promise<string> {
    const params = { ...client, scope: this.scope };
    const { access_token, expires_in = 0 } = await this.send('get_client_token', params).catch(
      (error: unknown) => {
        throw this.scope === OXD_4_SCOPE ? withNeeds(error) : error;
      },
    );
    const validUntil = this.clock() + expires_in * 1000 - RENEWAL_MARGIN;
    this.cached = { client_id: client.client_id, token: access_token, validUntil };
    return access_token;
  }
}

/** Adds what a client of oxd 4 needs, because oxd reports a rejection of the provider without a reason. */
function withNeeds(cause: unknown): unknown {
  if (!(cause instanceof OxdCommandError)) return cause;
  const { message, error, error_description, details, command, mayHaveRun } = cause;
  return new OxdCommandError(
    `${message}. A client for protection tokens needs the grant client_credentials and the scope oxd ` +
      'at the provider.',
    { error, error_description, details },
    { command, mayHaveRun, cause },
  );
}
