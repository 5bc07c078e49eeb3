import { createHash, randomUUID } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

/** Process and instance that hold a lock, as the lock file contains them. */
interface Holder {
  readonly pid: number;
  /** Start time of the process: distinguishes the process from a later one with the same pid. */
  readonly started?: string;
  readonly instance: string;
}

/** Options of {@link LockFile}. */
export interface LockFileOptions {
  /** Waits the given milliseconds before the next attempt. */
  readonly pause: (milliseconds: number) => Promise<unknown>;
}

/** Attempts to take the lock of a running process. */
const MAX_ATTEMPTS = 10;
/** Time between two attempts, in milliseconds. */
const ATTEMPT_INTERVAL = 100;
/** Largest number that the operating system can use as a pid. */
const MAX_PID = 2 ** 31 - 1;

/** File that names the process and instance that may use the file beside it. */
export class LockFile {
  private readonly holder: Holder = {
    pid: process.pid,
    started: statOf(process.pid)?.started,
    instance: randomUUID(),
  };
  /** Content of the lock file at the previous attempt. */
  private lastContent: string | undefined;
  /** Lock for the takeover of a stale lock. */
  private guard: LockFile | undefined;

  /** @param path path of the lock file; its directory must exist when the lock is taken */
  constructor(
    private readonly path: string,
    private readonly options: LockFileOptions,
  ) {}

  /**
   * Takes the lock, also from a process that has ended. Retries for one second, because a process
   * that a file watcher restarts holds its lock a moment longer.
   *
   * @returns true if this instance holds the lock; if false, {@link heldBy} returns the pid of the
   *   holder
   * @throws {NodeJS.ErrnoException} when the lock file cannot be written
   */
  async take(): Promise<boolean> {
    for (let attempt = 1; ; attempt += 1) {
      if (this.takeAtOnce()) return true;
      if (attempt === MAX_ATTEMPTS || this.heldBy() === process.pid) return false;
      await this.options.pause(ATTEMPT_INTERVAL);
    }
  }

  /** Like {@link take}, with a single attempt. */
  takeAtOnce(): boolean {
    if (this.isMine() || this.create()) return true;
    const { lastContent } = this;
    const content = this.read();
    this.lastContent = content;
    return content !== undefined && isStale(content, lastContent) && this.takeOver(content);
  }

  /** Returns the pid in the lock file; undefined if the file is missing or unreadable. */
  heldBy(): number | undefined {
    return holderOf(this.read())?.pid;
  }

  /** Releases the lock. Ignores errors: the next process takes over a lock file that remains. */
  release(): void {
    try {
      if (this.isMine()) rmSync(this.path, { force: true });
    } catch {
      // No caller could react: the process is about to end.
    }
  }

  private isMine(): boolean {
    return holderOf(this.read())?.instance === this.holder.instance;
  }

  /**
   * Creates the lock file together with its content: another process that finds the file without its
   * content twice takes the lock over.
   */
  private create(): boolean {
    const draft = `${this.path}.${this.holder.instance}`;
    const content = JSON.stringify(this.holder);
    const options = { flag: 'wx', mode: 0o600 };
    try {
      writeFileSync(draft, content, options);
      linkSync(draft, this.path);
    } catch (error) {
      if (isExisting(error)) return false;
      // A file system without hard links; another cause, such as a missing directory, fails again.
      return this.write(content, options);
    } finally {
      rmSync(draft, { force: true });
    }
    return true;
  }

  private write(content: string, options: { flag: string; mode: number }): boolean {
    try {
      writeFileSync(this.path, content, options);
      return true;
    } catch (error) {
      if (isExisting(error)) return false;
      throw error;
    }
  }

  /**
   * Replaces a stale lock. Only one of several processes succeeds: a second lock, named after the
   * content of the stale lock, protects comparison and removal.
   */
  private takeOver(stale: string): boolean {
    const path = `${this.path}.${createHash('sha256').update(stale).digest('hex').slice(0, 16)}`;
    if (this.guard?.path !== path) this.guard = new LockFile(path, this.options);
    if (!this.guard.takeAtOnce()) return false;
    try {
      if (this.read() !== stale) return false;
      rmSync(this.path, { force: true });
      return this.create();
    } finally {
      this.guard.release();
    }
  }

  private read(): string | undefined {
    try {
      return readFileSync(this.path, 'utf8');
    } catch {
      return undefined;
    }
  }
}

function isExisting(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EEXIST';
}

/**
 * Returns true if no running process holds the lock. An unreadable lock may be one that another
 * process is writing: it is stale if its content was the same at the previous attempt.
 */
function isStale(content: string, previous: string | undefined): boolean {
  const holder = holderOf(content);
  if (holder === undefined) return content === previous;
  return !isPid(holder.pid) || !isRunning(holder);
}

function holderOf(content = ''): Holder | undefined {
  try {
    const value = JSON.parse(content) as Partial<Holder> | null;
    return typeof value?.pid === 'number' ? (value as Holder) : undefined;
  } catch {
    return undefined;
  }
}

function isPid(pid: number): boolean {
  return Number.isInteger(pid) && pid > 0 && pid <= MAX_PID;
}

function isRunning({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = statOf(pid);
  if (now === undefined) return true;
  // A zombie accepts signals: its parent has not read its exit status.
  if (now.state === 'Z' || now.state === 'X') return false;
  // Compares start times, because containers use the same few pids at every start.
  return started === undefined || now.started === started;
}

interface ProcessStat {
  readonly state?: string;
  readonly started?: string;
}

/**
 * Returns state and start time of a process on Linux (proc(5), fields 3 and 22); else undefined.
 */
function statOf(pid: number): ProcessStat | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0], started: fields[19] };
  } catch {
    return undefined;
  }
}
