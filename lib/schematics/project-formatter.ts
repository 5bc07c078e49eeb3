import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Functions of Prettier 3 that are used. */
interface Prettier {
  check(source: string, options: object): Promise<boolean>;
  format(source: string, options: object): Promise<string>;
  resolveConfig(file: string): Promise<object | null>;
}

/** Formats the source of a file below the project. */
export interface Formatter {
  /** Formatted source; a changed source is formatted only if its former text was. */
  format(path: string, source: string, former?: string): Promise<string>;
}

/** Formatter with the Prettier and the rules of a project; without Prettier, sources stay as they are. */
export function projectFormatter(folder: string): Formatter {
  const prettier = prettierOf(folder);
  return {
    async format(path, source, former) {
      if (!prettier) return source;
      const file = join(folder, path);
      const options = { ...(await prettier.resolveConfig(file)), filepath: file };
      if (former !== undefined && !(await prettier.check(former, options))) return source;
      return prettier.format(source, options);
    },
  };
}

function prettierOf(folder: string): Prettier | undefined {
  try {
    return createRequire(join(folder, 'package.json'))('prettier') as Prettier;
  } catch {
    return undefined;
  }
}
