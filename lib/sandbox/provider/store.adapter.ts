import type { OxdStore } from '../../store/oxd-store.js';

/** A record of `oidc-provider`; times are seconds since 1970. */
type Payload = Record<string, unknown> & {
  readonly exp?: number;
  readonly grantId?: string;
  readonly uid?: string;
  readonly client_secret?: string;
};

/** State shared by all adapters of one sandbox. */
export interface AdapterContext {
  readonly store: OxdStore;
  /** Store keys of the tokens of each grant, to delete them when the grant is revoked. */
  readonly grants: Map<string, Set<string>>;
  /** Called with every issued secret. */
  readonly onSecret: (value: string) => void;
}

/** Models whose id is a credential of a client or a browser. */
const SECRET_IDS = new Set([
  'AccessToken',
  'AuthorizationCode',
  'ClientCredentials',
  'RefreshToken',
  'RegistrationAccessToken',
  'Session',
]);

/**
 * Stores one model of `oidc-provider` in an {@link OxdStore}. Clients and their registration access
 * tokens have no lifetime, so the file store persists them; everything else stays in memory.
 */
export class StoreAdapter {
  constructor(
    private readonly model: string,
    private readonly context: AdapterContext,
  ) {}

  async upsert(id: string, payload: Payload, expiresIn?: number): Promise<void> {
    this.registerSecrets(id, payload);
    const { store, grants } = this.context;
    const ttl = expiresIn === undefined ? undefined : expiresIn * 1000;
    await store.set(this.key(id), payload, ttl);
    if (this.model === 'Session') await store.set(`SessionUid:${payload.uid}`, id, ttl);
    if (payload.grantId === undefined) return;
    const keys = grants.get(payload.grantId) ?? new Set();
    grants.set(payload.grantId, keys.add(this.key(id)));
  }

  async find(id: string): Promise<unknown> {
    return this.context.store.get(this.key(id));
  }

  async findByUid(uid: string): Promise<unknown> {
    const id = await this.context.store.get(`SessionUid:${uid}`);
    return typeof id === 'string' ? this.find(id) : undefined;
  }

  async consume(id: string): Promise<void> {
    const payload = (await this.find(id)) as Payload | undefined;
    if (!payload) return;
    const now = Math.floor(Date.now() / 1000);
    const ttl = payload.exp === undefined ? undefined : Math.max(1, payload.exp - now) * 1000;
    await this.context.store.set(this.key(id), { ...payload, consumed: now }, ttl);
  }

  async destroy(id: string): Promise<void> {
    await this.context.store.delete(this.key(id));
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    const keys = this.context.grants.get(grantId) ?? new Set();
    for (const key of keys) {
      if (!key.startsWith(this.key(''))) continue;
      keys.delete(key);
      await this.context.store.delete(key);
    }
    if (keys.size === 0) this.context.grants.delete(grantId);
  }

  private key(id: string): string {
    return `${this.model}:${id}`;
  }

  private registerSecrets(id: string, payload: Payload): void {
    if (SECRET_IDS.has(this.model)) this.context.onSecret(id);
    if (payload.client_secret !== undefined) this.context.onSecret(payload.client_secret);
  }
}
