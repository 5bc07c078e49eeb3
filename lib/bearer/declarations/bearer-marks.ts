import { Marks } from '../../routes/marks.js';

/** Arguments of `@BearerProtected` or `@BearerPublic`, not checked yet. */
export type BearerMark =
  { readonly kind: 'public' } | { readonly kind: 'protected'; readonly options: unknown };

/** Decorators of `BearerGuard`. */
export const BEARER_MARKS = new Marks<BearerMark>('Bearer');
