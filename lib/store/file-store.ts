import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { OxdConfigurationError, OxdStoreError } from '../base/errors.js';
import { LockFile } from './lock-file.js';
import { MemoryStore, OxdStore, toJson, type MemoryStoreOptions } from './oxd-store.js';
import { isJsonObject } from '../base/json.js';

/** JSON string of each key. */
type Records = Map<string, string>;

/** Options of {@link FileStore.open}. */
export interface FileStoreOptions extends MemoryStoreOptions {
  /** Waits the given milliseconds before the next attempt to take the lock; default a timer. */
  readonly pause?: (milliseconds: number) => Promise<unknown>;
}

/**
 * Default path of the store file, relative to the working directory.
 *
 * @internal
 */
export const STORE_FILE = '.oxd/store.json';

const VERSION = 1;
/** Error codes of failures at start that are permanent: the path or its permissions must change. */
const PERMANENT = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST']);

/**
 * Default store: a JSON file that only its owner can read. Values with a lifetime are stored in the
 * memory of this process and never written to the file. A lock file beside the file ensures that
 * one instance uses the file at a time.
 */
export class FileStore extends OxdStore {
  private readonly lock: LockFile;
  /** Values with a lifetime. */
  private readonly temporary: MemoryStore;
  private readonly isDefaultDirectory: boolean;
  /** `#` instead of `private`, so that a printed store does not show its values. */
  #records: Records | undefined;
  private writing: Promise<unknown> = Promise.resolve();
  private closed = false;

  private constructor(
    private readonly path: string,
    options: FileStoreOptions,
  ) {
    super();
    this.lock = new LockFile(`${path}.lock`, { pause, ...options });
    this.temporary = new MemoryStore(options);
    this.isDefaultDirectory = dirname(path) === resolve(dirname(STORE_FILE));
  }

  /**
   * Opens the file; a missing file is created at the first write. If the disk fails, the store is
   * returned nevertheless and tries to read the file again at every use. Waits up to one second for
   * another process to release the file. In the default directory, `.gitignore` is written beside
   * the file, because the file contains secrets.
   *
   * @param path path of the file; default `.oxd/store.json` under the working directory
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID, with the path `store`, when another
   *   instance uses the file, when the user of this process may not write the file, or when the
   *   file is not a store file (its content is not changed)
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
    const temporary = await this.temporary.get(key);
    const json = records.get(key);
    return temporary !== undefined || json === undefined ? temporary : JSON.parse(json);
  }

  async set(key: string, value: unknown, ttl?: number): Promise<void> {
    const json = toJson(value);
    const records = this.ready();
    if (ttl === undefined) {
      await this.change((changed) => changed.set(key, json));
      await this.temporary.delete(key);
    } else {
      if (records.has(key)) await this.change((changed) => changed.delete(key));
      await this.temporary.set(key, value, ttl);
    }
  }

  async delete(key: string): Promise<boolean> {
    const records = this.ready();
    if (await this.temporary.delete(key)) return true;
    return records.has(key) && this.change((changed) => changed.delete(key));
  }

  override async add(key: string, value: unknown, ttl: number): Promise<boolean> {
    return !this.ready().has(key) && this.temporary.add(key, value, ttl);
  }

  /** Waits for pending writes, then releases the file. */
  async close(): Promise<void> {
    this.closed = true;
    await this.writing;
    this.lock.release();
  }

  private ready(): Records {
    if (this.closed) throw new OxdStoreError('The store is closed.');
    return this.#records ?? atUse(() => this.load());
  }

  private load(): Records {
    this.acquire();
    try {
      rmSync(temporaryPath(this.path), { force: true });
      hideFromOthers(this.path);
      this.#records = parse(this.path, read(this.path));
      return this.#records;
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
    // In any other directory, .gitignore would hide files of the application.
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

  /** Applies one change at a time: first to the file, then to the memory. */
  private change(apply: (records: Records) => unknown): Promise<boolean> {
    const done = this.writing.then(async () => {
      const records = new Map(this.#records);
      if (apply(records) === false) return false;
      // Creates a missing directory, and fails if another process has taken the lock.
      atUse(() => this.acquire());
      await write(this.path, records);
      this.#records = records;
      return true;
    });
    this.writing = done.catch(() => undefined);
    return done;
  }
}

/** Makes every error an OxdStoreError: after start-up, a store reports outages only. */
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

/** Ignores failures, such as a file of another user: the next write replaces the file. */
function hideFromOthers(path: string): void {
  try {
    if (statSync(path).mode & 0o077) chmodSync(path, 0o600);
  } catch {
    // A missing file is created with the mode.
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
    if (file?.version === VERSION && isJsonObject(file.records)) {
      return new Map(
        Object.entries(file.records).map(([key, value]) => [key, JSON.stringify(value)]),
      );
    }
  } catch {
    // The error of JSON.parse is dropped: its message quotes the file, which contains secrets.
  }
  throw new OxdConfigurationError([
    `store: ${path} is not a store file of this version; repair it, or move it away to ` +
      'start with an empty store',
  ]);
}

/** Replaces the file by a rename, so that no crash leaves an incomplete file. */
async function write(path: string, records: Records): Promise<void> {
  const values = [...records].map(([key, json]) => [key, JSON.parse(json)] as const);
  const file = { version: VERSION, records: Object.fromEntries(values) };
  try {
    await rm(temporaryPath(path), { force: true });
    await writeFile(temporaryPath(path), `${JSON.stringify(file, null, 2)}\n`, {
      flag: 'wx',
      mode: 0o600,
      flush: true,
    });
    await rename(temporaryPath(path), path);
  } catch (error) {
    throw unavailable(path, 'written', error);
  }
}

function temporaryPath(path: string): string {
  return `${path}.tmp`;
}

function inUse(path: string, pid: number | undefined): OxdConfigurationError {
  const holder = pid === process.pid ? 'this process' : `process ${pid ?? 'unknown'}`;
  const cause =
    pid === process.pid
      ? '; if OxdModule is imported twice, call forRoot() once and set isGlobal'
      : '';
  return new OxdConfigurationError([
    `store: ${path} is in use by ${holder}${cause}; give each application its own file with the ` +
      `option store or the variable OXD_STORE_FILE, or remove ${path}.lock if that ` +
      'process is no application',
  ]);
}

function unavailable(path: string, operation: string, error: unknown): Error {
  if (error instanceof OxdConfigurationError) return error;
  const reason = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
  return new OxdStoreError(
    `The store file ${path} could not be ${operation} (${reason}). Check that its directory ` +
      'exists and belongs to the user of this process, and that the disk is not full.',
    { cause: error },
  );
}
