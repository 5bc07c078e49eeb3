/** Arguments of a decorator as stored on a class or a method, not checked yet. */
export type UmaMark =
  | { readonly kind: 'public' }
  | {
      readonly kind: 'protected';
      readonly path?: unknown;
      readonly method?: unknown;
      readonly options?: unknown;
    };

const MARKS = Symbol('nestjs-oxd.uma.marks');

/** A class, or a prototype with the name of a method. */
type Place = readonly [owner: object, method?: string | symbol];

/** Returns a decorator that adds this mark. */
export function markDecorator(mark: UmaMark): ClassDecorator & MethodDecorator {
  return (owner: object, method?: string | symbol): void => {
    const place: Place = [owner, method];
    write(place, [...(read(place, Reflect.getOwnMetadata) ?? []), mark]);
  };
}

/**
 * Marks of a class; without own marks, the protections of its base class. `@UmaPublic()` is not
 * inherited.
 */
export function marksOfClass(type: object): readonly UmaMark[] {
  return ownOrProtections([type]);
}

/**
 * Marks of a method; without own marks, the protections of the method it overrides. Stored under
 * the name of the method, because another decorator may replace its function.
 */
export function marksOfMethod(prototype: object, method: string): readonly UmaMark[] {
  return ownOrProtections([ownerOf(prototype, method), method]);
}

/** True if the method itself has marks; false if it only overrides a method that has some. */
export function hasOwnMarks(prototype: object, method: string): boolean {
  return read([ownerOf(prototype, method), method], Reflect.getOwnMetadata) !== undefined;
}

function ownOrProtections(place: Place): readonly UmaMark[] {
  const inherited = read(place, Reflect.getMetadata) ?? [];
  const protections = inherited.filter(({ kind }) => kind === 'protected');
  return read(place, Reflect.getOwnMetadata) ?? protections;
}

/** Prototype that defines the method. */
function ownerOf(prototype: object, method: string): object {
  let owner: object | null = prototype;
  while (owner && !Object.hasOwn(owner, method)) owner = Object.getPrototypeOf(owner) as object;
  return owner ?? prototype;
}

function read(
  [owner, method]: Place,
  get: typeof Reflect.getMetadata,
): readonly UmaMark[] | undefined {
  const marks: unknown = method === undefined ? get(MARKS, owner) : get(MARKS, owner, method);
  return marks as readonly UmaMark[] | undefined;
}

function write([owner, method]: Place, marks: readonly UmaMark[]): void {
  if (method === undefined) Reflect.defineMetadata(MARKS, marks, owner);
  else Reflect.defineMetadata(MARKS, marks, owner, method);
}
