import { OxdStoreError } from '../../base/errors.js';
import type { OxdStore } from '../../store/oxd-store.js';
import { contentHash, labelOf, type UmaDeclaration } from '../declarations/declaration.js';

/** Stored record of the resources that a site has protected. */
export interface RegisteredResources {
  /** Site that protected the resources. */
  readonly oxd_id?: string;
  /** Content hash by label of the resource. */
  readonly resources: Readonly<Record<string, string>>;
  /** The first `uma_rs_protect` was sent and its outcome is unknown. */
  readonly unconfirmed?: true;
}

/** Record while the outcome of the first `uma_rs_protect` is unknown. */
export const UNCONFIRMED: RegisteredResources = { resources: {}, unconfirmed: true };

/** Difference between the declarations and the protected resources. */
export interface Difference {
  /** Declarations that were never registered. */
  readonly added: readonly UmaDeclaration[];
  /** Declarations that were registered with another content. */
  readonly changed: readonly UmaDeclaration[];
  /** Labels of protected resources that are no longer declared, as `GET /albums`. */
  readonly undeclared: readonly string[];
}

/** Store key of the record of one owner, see `OxdClient.resourceOwner`. */
export function recordKey(owner: string): string {
  return `uma:${owner}`;
}

/**
 * Reads the record of a site; undefined if it has none.
 *
 * @throws {OxdStoreError} OXD_STORE_UNAVAILABLE when the store is down or the value is not a record
 */
export async function readRecord(
  store: OxdStore,
  key: string,
): Promise<RegisteredResources | undefined> {
  const value = (await store.get(key)) as Partial<RegisteredResources> | undefined;
  if (value === undefined || isRecord(value)) return value;
  throw new OxdStoreError(
    'The value stored for the protected resources is not a record of resources.',
  );
}

/** Record of these declarations and of the resources that only `before` contains. */
export function recordOf(
  oxd_id: string,
  declarations: readonly UmaDeclaration[],
  before?: RegisteredResources,
): RegisteredResources {
  const entries = declarations.map((one) => [labelOf(one), contentHash(one)] as const);
  return { oxd_id, resources: { ...before?.resources, ...Object.fromEntries(entries) } };
}

export function differenceOf(
  declarations: readonly UmaDeclaration[],
  { resources }: RegisteredResources,
): Difference {
  const declared = new Set(declarations.map(labelOf));
  const isKnown = (one: UmaDeclaration): boolean => Object.hasOwn(resources, labelOf(one));
  return {
    added: declarations.filter((one) => !isKnown(one)),
    changed: declarations.filter(
      (one) => isKnown(one) && resources[labelOf(one)] !== contentHash(one),
    ),
    undeclared: Object.keys(resources).filter((key) => !declared.has(key)),
  };
}

/** True if nothing differs. */
export function isSame({ added, changed, undeclared }: Difference): boolean {
  return [added, changed, undeclared].every((list) => list.length === 0);
}

/** Declarations with their handlers, for a log line. */
export function listOf(declarations: readonly UmaDeclaration[]): string {
  return declarations.map((one) => `${labelOf(one)} (${one.handler})`).join(', ');
}

function isRecord(value: Partial<RegisteredResources> | null): value is RegisteredResources {
  return typeof value?.resources === 'object' && value.resources !== null;
}
