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
  'store: this Keyv keeps its values in a Map, which never removes an expired one; use ' +
  'new MemoryStore() for a store in memory';

/**
 * A Keyv and its adapter each answer "not there" while they are down, unless told to throw.
 *
 * @returns what to set on this one, as `store: message`; nothing for a store that is no Keyv
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

/** Whether a store is known to forget everything when the process ends. */
export function isVolatile(store: OxdStore): boolean {
  const { opts } = store as unknown as Partial<KeyvLike>;
  return store instanceof MemoryStore || opts?.store instanceof Map;
}

/** A class that extends `Map` may limit it. */
function isPlainMap(adapter: object): boolean {
  return Object.getPrototypeOf(adapter) === Map.prototype;
}

/** An adapter alone has options, but keeps text only. */
function adapterIssues({ opts }: AdapterLike): string[] {
  return opts && 'dialect' in opts
    ? ['store: is the adapter of a Keyv; pass new Keyv(adapter, { throwOnErrors: true })']
    : [];
}

function throws({ throwOnErrors, opts }: AdapterLike): boolean {
  return (throwOnErrors ?? opts?.throwOnErrors) === true;
}
