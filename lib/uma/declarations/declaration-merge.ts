import { contentHash, labelOf, type UmaDeclaration } from './declaration.js';

/** Each resource once, and the conflicts between its declarations. */
export interface MergedDeclarations {
  readonly declarations: readonly UmaDeclaration[];
  /** Conflicts, each as `Controller.method: message`. */
  readonly issues: readonly string[];
}

/** Merges equal declarations: a path and method is one resource with one set of scopes. */
export function mergeDeclarations(all: readonly UmaDeclaration[]): MergedDeclarations {
  const merged = new Map<string, UmaDeclaration>();
  const issues = new Set<string>();
  for (const declaration of all) {
    const key = labelOf(declaration).toLowerCase();
    const first = merged.get(key);
    if (!first) merged.set(key, declaration);
    else if (first.path !== declaration.path) issues.add(caseConflict(first, declaration));
    else if (contentHash(first) !== contentHash(declaration))
      issues.add(scopeConflict(first, declaration));
  }
  return { declarations: [...merged.values()], issues: [...issues] };
}

function caseConflict(first: UmaDeclaration, second: UmaDeclaration): string {
  return (
    `${second.handler}: declares ${labelOf(second)}, which differs from ${labelOf(first)} of ` +
    `${first.handler} in upper and lower case only; oxd treats both as one, so choose another path`
  );
}

function scopeConflict(first: UmaDeclaration, second: UmaDeclaration): string {
  const other = first.handler === second.handler ? 'another decorator' : first.handler;
  return (
    `${second.handler}: declares ${labelOf(second)} with other scopes than ${other}; ` +
    'choose another path for one of them, or combine both in one scope_expression'
  );
}
