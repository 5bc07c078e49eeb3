import { OxdConfigurationError, printable } from './errors.js';

/** Optional peer package. */
export interface OptionalPeer {
  /** Part of nestjs-oxd that needs the package; begins the message. */
  readonly neededBy: string;
  /** Name of the package. */
  readonly name: string;
}

/**
 * Loads an optional peer package.
 *
 * @param load imports the package; the caller has the `import()`, whose argument must be a constant
 * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when the package is not installed or
 *   cannot be loaded
 */
export async function loadPeer<T>(peer: OptionalPeer, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const issue = isMissing(peer, cause) ? missing(peer) : notLoaded(peer, cause);
    throw new OxdConfigurationError([issue], { cause });
  }
}

/** Codes of Node for `import()`, and of `require()` and Jest. */
const NOT_FOUND = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);

/** False if a dependency of the package is missing, or if the runtime cannot import it. */
function isMissing({ name }: OptionalPeer, error: unknown): boolean {
  const { code, message } = Object(error) as NodeJS.ErrnoException;
  return NOT_FOUND.has(code ?? '') && message.includes(`'${name}'`);
}

function missing({ neededBy, name }: OptionalPeer): string {
  return `${neededBy}: needs the package ${name}; install it: npm install --save-dev ${name}`;
}

function notLoaded({ neededBy, name }: OptionalPeer, error: unknown): string {
  const { code, message } = Object(error) as NodeJS.ErrnoException;
  const reason = [code, printable(String(message))].filter(Boolean).join(': ');
  return (
    `${neededBy}: the package ${name} could not be loaded (${reason}); Jest needs ` +
    '--experimental-vm-modules for its import()'
  );
}
