import { contentHash, labelOf, type UmaDeclaration } from './declaration.js';

/** Each resource once, and what is declared differently in two places. */
export interface MergedDeclarations {
  readonly declarations: readonly UmaDeclaration[];
  /** Each as `Controller.method: message`. */
  readonly issues: readonly string[];
}

/** Merges what is declared alike: a resource has one set of scopes for a path and method. */
export function mergeDeclarations(all: readonly UmaDeclaration[]): MergedDeclarations {
  const merged = new Map<string, UmaDeclaration>();
  const issues = new Set<string>();
  for (const declaration of all) {
    const key = labelOf(declaration).toLowerCase();
    const first = merged.get(key);
    if (!first) merged.set(key, declaration);
    else if (first.path !== declaration.path) issues.add(alike(first, declaration));
    else if (contentHash(first) !== contentHash(declaration))
      issues.add(conflict(first, declaration));
  }
  return { declarations: [...merged.values()], issues: [...issues] };
}

function alike(first: UmaDeclaration, second: UmaDeclaration): string {
  return (
    `${second.handler}: declares ${labelOf(second)}, which differs from ${labelOf(first)} of ` +
    `${first.handler} in upper and lower case only; oxd takes them for one, so name another path`
  );
}

function conflict(first: UmaDeclaration, second: UmaDeclaration): string {
  const other = first.handler === second.handler ? 'another decorator' : first.handler;
  return (
    `${second.handler}: declares ${labelOf(second)} with other scopes than ${other}; ` +
    'name a path for one of them, or say both in one scope_expression'
  );
}
