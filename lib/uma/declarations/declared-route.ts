import { Injectable } from '@nestjs/common';
import { RouteTable } from '../../routes/route-table.js';
import { isRegistered, labelOf, type UmaDeclaration } from './declaration.js';

/** Declarations for one template of a route. */
export interface DeclaredRoute {
  /** The handler, as `AlbumsController.find`. */
  readonly handler: string;
  /** Skips the check: every client may call the route. */
  readonly isPublic: boolean;
  /** Declarations that must all grant access, by HTTP method; other methods are denied. */
  readonly required: ReadonlyMap<string, readonly UmaDeclaration[]>;
}

/**
 * Declarations that must all grant access, each once, by HTTP method; those of GET also for HEAD.
 *
 * @param levels declarations of the method and of the class, one level each; every level must have a
 *   declaration for a method
 */
export function requiredByMethod(
  levels: readonly (readonly UmaDeclaration[])[],
): ReadonlyMap<string, readonly UmaDeclaration[]> {
  const required = new Map<string, readonly UmaDeclaration[]>();
  for (const { http_method } of levels.flat()) {
    const each = levels.map((level) => level.filter((one) => one.http_method === http_method));
    if (each.every((level) => level.length > 0)) required.set(http_method, distinct(each.flat()));
  }
  const ofGet = required.get('GET');
  if (ofGet) required.set('HEAD', ofGet);
  return required;
}

/** Declarations with the same path and method are one check, unless they differ in more than that. */
function distinct(declarations: readonly UmaDeclaration[]): UmaDeclaration[] {
  const keyOf = (one: UmaDeclaration): unknown =>
    isRegistered(one) && !one.claims ? labelOf(one) : one;
  return [...new Map(declarations.map((one) => [keyOf(one), one])).values()];
}

/** Routes that `UmaGuard` checks or opens. */
@Injectable()
export class UmaRouteTable extends RouteTable<DeclaredRoute> {}
