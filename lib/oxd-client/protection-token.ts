import { SingleFlight } from '../base/single-flight.js';
import type { Send } from './command-sender.js';

/** A client whose tokens oxd-server accepts for a site. */
export interface SetupClient {
  readonly op_host: string;
  readonly op_discovery_path?: string;
  readonly op_configuration_endpoint?: string;
  readonly client_id: string;
  readonly client_secret: string;
}

/** Renewed so long before its end, in milliseconds: a command on its way must find it good. */
const MARGIN = 30_000;

/** oxd 3.1.4 checks scope `oxd`, the versions before it `uma_protection`. */
const SCOPE = ['openid', 'uma_protection', 'oxd'];

/**
 * The token that oxd 3.x asks for where `protect_commands_with_access_token` is on: cached, one
 * request at a time. Source: oxd command `get_client_token`.
 */
export class ProtectionToken {
  private readonly flight = new SingleFlight<string>();
  private cached: { client_id: string; token: string; goodUntil: number } | undefined;

  constructor(
    private readonly send: Send,
    private readonly clock: () => number = Date.now,
  ) {}

  /** A token of this client, fetched now if none is at hand. */
  async get(client: SetupClient): Promise<string> {
    const { cached } = this;
    if (cached?.client_id === client.client_id && this.clock() < cached.goodUntil) {
      return cached.token;
    }
    return this.flight.run(client.client_id, () => this.fetch(client));
  }

  /** Forgets a token that was refused, unless a newer one has taken its place already. */
  drop(token: string): void {
    if (this.cached?.token === token) this.cached = undefined;
  }

  private async fetch(client: SetupClient): Promise<string> {
    const { access_token, expires_in = 0 } = await this.send('get_client_token', {
      ...client,
      scope: SCOPE,
    });
    const goodUntil = this.clock() + expires_in * 1000 - MARGIN;
    this.cached = { client_id: client.client_id, token: access_token, goodUntil };
    return access_token;
  }
}
