import { MemoryStore, type OxdStore } from './oxd-store.js';

interface KeyvLike {
  readonly opts: { readonly store?: unknown };
  readonly throwOnErrors?: unknown;
}

interface AdapterLike {
  readonly throwOnErrors?: unknown;
  readonly opts?: { readonly throwOnErrors?: unknown };
}

const PLAIN_MAP =
  'store: this Keyv stores its values in a Map, which never removes expired values; use ' +
  'new MemoryStore() for a store in memory';

/**
 * Checks the options of a Keyv. A Keyv and its adapter each return undefined during an outage,
 * unless `throwOnErrors` is set.
 *
 * @returns the options to change, as `store: message`; empty for a store that is no Keyv
 */
export function keyvIssues(store: OxdStore): string[] {
  const { opts } = store as unknown as Partial<KeyvLike>;
  if (typeof opts !== 'object' || opts === null) return [];
  const adapter = opts.store as AdapterLike | undefined;
  if (adapter === undefined) return adapterIssues(store as unknown as AdapterLike);
  if (isPlainMap(adapter)) return [PLAIN_MAP];
  return [
    ...((store as unknown as KeyvLike).throwOnErrors === true
      ? []
      : ['store: this Keyv hides outages; create it with throwOnErrors: true (Keyv 5)']),
    ...(adapter instanceof Map || throws(adapter)
      ? []
      : [
          'store: the adapter of this Keyv hides outages; give it throwOnErrors: true, for ' +
            'instance new KeyvRedis(url, { throwOnErrors: true })',
        ]),
  ];
}

/** Returns true if the store is known to lose its values when the process ends. */
export function isVolatile(store: OxdStore): boolean {
  const { opts } = store as unknown as Partial<KeyvLike>;
  return store instanceof MemoryStore || opts?.store instanceof Map;
}

/** Returns false for a subclass of `Map`, which may limit the number of values. */
function isPlainMap(adapter: object): boolean {
  return Object.getPrototypeOf(adapter) === Map.prototype;
}

/** Reports an adapter without a Keyv around it: an adapter stores strings only. */
function adapterIssues({ opts }: AdapterLike): string[] {
  return opts && 'dialect' in opts
    ? ['store: is the adapter of a Keyv; pass new Keyv(adapter, { throwOnErrors: true })']
    : [];
}

function throws({ throwOnErrors, opts }: AdapterLike): boolean {
  return (throwOnErrors ?? opts?.throwOnErrors) === true;
}
