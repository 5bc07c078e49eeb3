import { OxdStoreError } from '../../base/errors.js';
import type { OxdStore } from '../../store/oxd-store.js';
import { contentHash, labelOf, type UmaDeclaration } from '../declarations/declaration.js';

/** Resources that a site has protected, as stored: a hash by resource. */
export interface RegisteredResources {
  /** Site that protected them. */
  readonly oxd_id?: string;
  readonly resources: Readonly<Record<string, string>>;
  /** The first `uma_rs_protect` was sent and its outcome is unknown. */
  readonly unconfirmed?: true;
}

/** The record while the outcome of the first `uma_rs_protect` is unknown. */
export const UNCONFIRMED: RegisteredResources = { resources: {}, unconfirmed: true };

/** How what is declared differs from what was protected. */
export interface Difference {
  /** Declared anew or otherwise than before. */
  readonly changed: readonly UmaDeclaration[];
  /** Protected before and declared no longer, as `GET /albums`. */
  readonly gone: readonly string[];
}

/** Key of the record of the resources of one owner, see `OxdClient.resourceOwner`. */
export function recordKey(owner: string): string {
  return `uma:${owner}`;
}

/**
 * The record of a site, undefined where it has none.
 *
 * @throws {OxdStoreError} OXD_STORE_UNAVAILABLE, also where the store holds something else
 */
export async function readRecord(
  store: OxdStore,
  key: string,
): Promise<RegisteredResources | undefined> {
  const value = (await store.get(key)) as Partial<RegisteredResources> | undefined;
  if (value === undefined || isRecord(value)) return value;
  throw new OxdStoreError('The store holds something else under the key of protected resources.');
}

/** The record of these declarations, and of what `before` has and they have not. */
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
  return {
    changed: declarations.filter((one) => resources[labelOf(one)] !== contentHash(one)),
    gone: Object.keys(resources).filter((key) => !declared.has(key)),
  };
}

/** Whether nothing differs. */
export function isSame({ changed, gone }: Difference): boolean {
  return changed.length === 0 && gone.length === 0;
}

/** The declarations with their handlers, for a log line. */
export function listed(declarations: readonly UmaDeclaration[]): string {
  return declarations.map((one) => `${labelOf(one)} (${one.handler})`).join(', ');
}

function isRecord(value: Partial<RegisteredResources> | null): value is RegisteredResources {
  return typeof value?.resources === 'object' && value.resources !== null;
}
