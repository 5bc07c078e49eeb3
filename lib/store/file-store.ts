import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { OxdConfigurationError, OxdStoreError } from '../base/errors.js';
import { LockFile } from './lock-file.js';
import { MemoryStore, OxdStore, toJson, type MemoryStoreOptions } from './oxd-store.js';

/** JSON text under each key. */
type Records = Map<string, string>;

/** Options of {@link FileStore.open}. */
export interface FileStoreOptions extends MemoryStoreOptions {
  /** Waits this many milliseconds before the next look at another process's lock; default a timer. */
  readonly pause?: (milliseconds: number) => Promise<unknown>;
}

/**
 * Path of the default store file, below the working directory.
 *
 * @internal
 */
export const STORE_FILE = '.oxd/store.json';

const VERSION = 1;
/** Failures at start that do not heal: the path or its permissions must be changed. */
const PERMANENT = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST']);

/**
 * The default store: a JSON file that only its owner can read. Values with a lifetime stay in the
 * memory of this process and never reach the file. One instance works on a file at a time; a lock
 * file beside it sees to that.
 */
export class FileStore extends OxdStore {
  private readonly lock: LockFile;
  private readonly passing: MemoryStore;
  private readonly isDefaultDirectory: boolean;
  private records?: Records;
  private writing: Promise<unknown> = Promise.resolve();
  private closed = false;

  private constructor(
    private readonly path: string,
    options: FileStoreOptions,
  ) {
    super();
    this.lock = new LockFile(`${path}.lock`, { pause, ...options });
    this.passing = new MemoryStore(options);
    this.isDefaultDirectory = dirname(path) === resolve(dirname(STORE_FILE));
  }

  /**
   * Opens the file, or a new one. If the disk fails, the store is returned all the same and tries
   * again at every use. A process that is being stopped has one second to release the file. In the
   * default directory `.gitignore` is written beside the file, because the file contains secrets.
   *
   * @param path of the file; default `.oxd/store.json` under the working directory
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID, naming `store`, when another
   * instance works on the file, when the user of this process may not write it, or when it is not a
   * store file (it is left as it is)
   */
  static async open(path = STORE_FILE, options: FileStoreOptions = {}): Promise<FileStore> {
    const store = new FileStore(resolve(path), options);
    try {
      await store.waitForLock();
      store.load();
    } catch (error) {
      if (!(error instanceof OxdStoreError)) throw error;
      const { code = '' } = Object(error.cause) as NodeJS.ErrnoException;
      if (PERMANENT.has(code)) throw new OxdConfigurationError([`store: ${error.message}`]);
    }
    return store;
  }

  async get(key: string): Promise<unknown> {
    const records = this.ready();
    const passing = await this.passing.get(key);
    const json = records.get(key);
    return passing !== undefined || json === undefined ? passing : JSON.parse(json);
  }

  async set(key: string, value: unknown, ttl?: number): Promise<void> {
    const json = toJson(value);
    const records = this.ready();
    if (ttl === undefined) {
      await this.change((changed) => changed.set(key, json));
      await this.passing.delete(key);
    } else {
      if (records.has(key)) await this.change((changed) => changed.delete(key));
      await this.passing.set(key, value, ttl);
    }
  }

  async delete(key: string): Promise<boolean> {
    const records = this.ready();
    if (await this.passing.delete(key)) return true;
    return records.has(key) && this.change((changed) => changed.delete(key));
  }

  override async add(key: string, value: unknown, ttl: number): Promise<boolean> {
    return !this.ready().has(key) && this.passing.add(key, value, ttl);
  }

  /** Waits for what is being written and gives the file free for others. */
  async close(): Promise<void> {
    this.closed = true;
    await this.writing;
    this.lock.release();
  }

  private ready(): Records {
    if (this.closed) throw new OxdStoreError('The store is closed.');
    return this.records ?? atUse(() => this.load());
  }

  private load(): Records {
    this.acquire();
    try {
      rmSync(temporary(this.path), { force: true });
      this.records = parse(this.path, read(this.path));
      return this.records;
    } catch (error) {
      this.lock.release();
      throw unavailable(this.path, 'read', error);
    }
  }

  private async waitForLock(): Promise<void> {
    try {
      this.makeDirectory();
      await this.lock.take();
    } catch (error) {
      throw unavailable(this.path, 'locked', error);
    }
  }

  private makeDirectory(): void {
    const directory = dirname(this.path);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    // In a directory of the user's the rule would hide the user's own files.
    if (this.isDefaultDirectory) ignoreInGit(directory);
  }

  private acquire(): void {
    try {
      this.makeDirectory();
      if (this.lock.takeAtOnce()) return;
    } catch (error) {
      throw unavailable(this.path, 'locked', error);
    }
    throw inUse(this.path, this.lock.heldBy());
  }

  /** One change after the other; memory follows only when the file has it. */
  private change(apply: (records: Records) => unknown): Promise<boolean> {
    const done = this.writing.then(async () => {
      const records = new Map(this.records);
      if (apply(records) === false) return false;
      // The lock may have been lost, and a lost directory does not mean that nothing was kept.
      atUse(() => this.acquire());
      await write(this.path, records);
      this.records = records;
      return true;
    });
    this.writing = done.catch(() => undefined);
    return done;
  }
}

/** After start-up every failure is an outage. */
function atUse<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof OxdConfigurationError)) throw error;
    throw new OxdStoreError(error.issues.join('\n'), { cause: error });
  }
}

function ignoreInGit(directory: string): void {
  try {
    writeFileSync(join(directory, '.gitignore'), '*\n', { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parse(path: string, text: string | undefined): Records {
  if (text === undefined) return new Map();
  try {
    const file = JSON.parse(text) as { version?: unknown; records?: unknown } | null;
    if (file?.version === VERSION && isObject(file.records)) {
      return new Map(
        Object.entries(file.records).map(([key, value]) => [key, JSON.stringify(value)]),
      );
    }
  } catch {
    // The error of JSON.parse quotes the text, and secrets with it.
  }
  throw new OxdConfigurationError([
    `store: ${path} is not a store file of this version; repair it, or move it away to start anew`,
  ]);
}

/** A new file in place of the old one, so that no reader and no crash meets half a file. */
async function write(path: string, records: Records): Promise<void> {
  const values = [...records].map(([key, json]) => [key, JSON.parse(json)] as const);
  const file = { version: VERSION, records: Object.fromEntries(values) };
  try {
    await rm(temporary(path), { force: true });
    await writeFile(temporary(path), `${JSON.stringify(file, null, 2)}\n`, {
      flag: 'wx',
      mode: 0o600,
      flush: true,
    });
    await rename(temporary(path), path);
  } catch (error) {
    throw unavailable(path, 'written', error);
  }
}

function temporary(path: string): string {
  return `${path}.tmp`;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function inUse(path: string, pid: number | undefined): OxdConfigurationError {
  const who = pid === process.pid ? 'this process itself' : `process ${pid ?? 'unknown'}`;
  return new OxdConfigurationError([
    `store: ${path} is in use by ${who}; give each application its own file with the option store ` +
      `or the variable OXD_STORE_FILE, or remove ${path}.lock if that is no application`,
  ]);
}

function unavailable(path: string, what: string, error: unknown): Error {
  if (error instanceof OxdConfigurationError) return error;
  const reason = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
  return new OxdStoreError(
    `The store file ${path} could not be ${what} (${reason}). Check that its directory exists, ` +
      'belongs to the user of this process and has room.',
    { cause: error },
  );
}
