import { within, type Release } from '../../base/oxd-releases.js';
import type { ListRule } from '../parameter-rules.js';

/** Completes the list parameters of a translated command. */
export function completeLists(
  release: Release,
  rules: readonly ListRule[],
  wire: Record<string, unknown>,
): void {
  for (const rule of rules) if (within(release, rule)) complete(rule, wire);
}

function complete(
  { list, first, fallback, adds = [] }: ListRule,
  wire: Record<string, unknown>,
): void {
  const { [list]: given = fallback } = wire;
  const head = first === undefined ? undefined : wire[first];
  if (first !== undefined) delete wire[first];
  if (head === undefined && given === undefined) return;
  wire[list] = [...new Set([head ?? [], given ?? [], adds].flat())];
}
