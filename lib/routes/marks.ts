/** Arguments of a decorator as stored on a class or a method, not checked yet. */
export interface Mark {
  readonly kind: 'public' | 'protected';
}

/** A class, or a prototype with the name of a method. */
type Place = readonly [owner: object, method?: string | symbol];

/** Decorators of one kind of guard: stores and reads their marks. */
export class Marks<M extends Mark> {
  readonly #key: symbol;

  /** @param prefix prefix of the names of the guard and its decorators */
  constructor(readonly prefix: 'Uma' | 'Bearer') {
    this.#key = Symbol(`nestjs-oxd.${prefix}.marks`);
  }

  /** Returns a decorator that adds this mark. */
  decorator(mark: M): ClassDecorator & MethodDecorator {
    return (owner: object, method?: string | symbol): void => {
      const place: Place = [owner, method];
      this.#write(place, [...(this.#read(place, Reflect.getOwnMetadata) ?? []), mark]);
    };
  }

  /**
   * Marks of a class; without own marks, the protections of its base class. A public mark is not
   * inherited.
   */
  ofClass(type: object): readonly M[] {
    return this.#ownOrProtections([type]);
  }

  /**
   * Marks of a method; without own marks, the protections of the method it overrides. Stored under
   * the name of the method, because another decorator may replace its function.
   */
  ofMethod(prototype: object, method: string): readonly M[] {
    return this.#ownOrProtections([ownerOf(prototype, method), method]);
  }

  /** True if the method itself has marks; false if it only overrides a method that has some. */
  hasOwn(prototype: object, method: string): boolean {
    return this.#read([ownerOf(prototype, method), method], Reflect.getOwnMetadata) !== undefined;
  }

  #ownOrProtections(place: Place): readonly M[] {
    const inherited = this.#read(place, Reflect.getMetadata) ?? [];
    const protections = inherited.filter(({ kind }) => kind === 'protected');
    return this.#read(place, Reflect.getOwnMetadata) ?? protections;
  }

  #read([owner, method]: Place, get: typeof Reflect.getMetadata): readonly M[] | undefined {
    const key = this.#key;
    const marks: unknown = method === undefined ? get(key, owner) : get(key, owner, method);
    return marks as readonly M[] | undefined;
  }

  #write([owner, method]: Place, marks: readonly M[]): void {
    if (method === undefined) Reflect.defineMetadata(this.#key, marks, owner);
    else Reflect.defineMetadata(this.#key, marks, owner, method);
  }
}

/** Prototype that defines the method. */
function ownerOf(prototype: object, method: string): object {
  let owner: object | null = prototype;
  while (owner && !Object.hasOwn(owner, method)) owner = Object.getPrototypeOf(owner) as object;
  return owner ?? prototype;
}

/** True for the mark of a public decorator. */
export function isPublic({ kind }: Mark): boolean {
  return kind === 'public';
}
