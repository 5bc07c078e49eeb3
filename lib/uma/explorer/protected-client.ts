import { Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { OxdConfigurationError } from '../../base/errors.js';
import { isSameUrl, providerUrl } from '../../base/issuer.js';
import { OxdOptions } from '../../options/oxd.options.js';
import { siteFingerprint } from '../../options/site-fingerprint.js';

/** Client that owns the resources of a module's protected routes at the authorization server. */
@Injectable()
export class ProtectedClient {
  private protectsRoutes = false;

  constructor(
    private readonly options: OxdOptions,
    private readonly modules: ModulesContainer,
  ) {}

  /**
   * Claims the client for the protected routes of this module. Two modules must not share a client:
   * each would treat the resources of the other as unused, and delete them with `uma.overwrite`.
   *
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when another module of the
   *   application has claimed the same client
   */
  claim(): void {
    const rival = this.others().find(
      (other) => other.protectsRoutes && isSameClient(other.options, this.options),
    );
    if (rival) throw new OxdConfigurationError([sharedClient(rival.options, this.options)]);
    this.protectsRoutes = true;
  }

  private others(): ProtectedClient[] {
    return [...this.modules.values()]
      .map(({ providers }) => providers.get(ProtectedClient)?.instance as unknown)
      .filter((client) => client instanceof ProtectedClient)
      .filter((client) => client !== this);
  }
}

function isSameClient(one: OxdOptions, other: OxdOptions): boolean {
  if (!isSameUrl(providerUrl(one.site), providerUrl(other.site))) return false;
  for (const id of ['oxd_id', 'client_id'] as const) {
    if (one.site[id] !== undefined || other.site[id] !== undefined) {
      return one.site[id] === other.site[id];
    }
  }
  // Modules without a configured client share the one that is registered in a common store.
  return one.store === other.store && siteFingerprint(one) === siteFingerprint(other);
}

function sharedClient({ name: first }: OxdOptions, { name: second }: OxdOptions): string {
  return (
    `site: the modules '${first}' and '${second}' protect routes with one client of one provider; ` +
    'give each another client_id, or protect the routes of both with one OxdModule'
  );
}
