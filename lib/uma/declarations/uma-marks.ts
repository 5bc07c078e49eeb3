import { Marks } from '../../routes/marks.js';

/** Arguments of `@UmaProtected` or `@UmaPublic`, not checked yet. */
export type UmaMark =
  | { readonly kind: 'public' }
  | {
      readonly kind: 'protected';
      readonly path?: unknown;
      readonly method?: unknown;
      readonly options?: unknown;
    };

/** Decorators of `UmaGuard`. */
export const UMA_MARKS = new Marks<UmaMark>('Uma');
