import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';

/** Process and instance that hold a lock, as the lock file contains them. */
interface Holder {
  readonly pid: number;
  /** Start time of the process: distinguishes it from a later one with the same pid. */
  readonly started?: string;
  readonly instance: string;
}

/** How a held lock is looked at again. */
export interface LockFileOptions {
  /** Waits this many milliseconds before the next look. */
  readonly pause: (milliseconds: number) => Promise<unknown>;
}

/** Number of looks at a lock of a running process before the lock counts as held. */
const LOOKS = 10;
/** Time from one look to the next, in milliseconds. */
const PAUSE = 100;
/** Largest number that the operating system can use as a pid. */
const LARGEST_PID = 2 ** 31 - 1;

/** File that names the process and instance that may use the file beside it. */
export class LockFile {
  private readonly holder: Holder = {
    pid: process.pid,
    started: statOf(process.pid)?.started,
    instance: randomUUID(),
  };
  /** Content at the last look. */
  private seen: string | undefined;
  /** Lock for the takeover of a stale lock. */
  private guard: LockFile | undefined;

  /** @param path of the lock file; its directory must exist when the lock is taken */
  constructor(
    private readonly path: string,
    private readonly options: LockFileOptions,
  ) {}

  /**
   * Takes the lock; takes it over if its process has ended. A process that is being stopped, such as
   * one that a file watcher restarts, holds its lock a moment longer: the lock is looked at again
   * for one second.
   *
   * @returns true if this instance holds the lock; {@link heldBy} returns the other holder's pid
   * @throws {NodeJS.ErrnoException} when the lock file cannot be written
   */
  async take(): Promise<boolean> {
    for (let look = 1; ; look += 1) {
      if (this.takeAtOnce()) return true;
      if (look === LOOKS || this.heldBy() === process.pid) return false;
      await this.options.pause(PAUSE);
    }
  }

  /** Like {@link take}, with one look only. */
  takeAtOnce(): boolean {
    if (this.isMine() || this.create()) return true;
    const { seen } = this;
    this.seen = this.read();
    return this.seen !== undefined && isStale(this.seen, seen) && this.takeOver(this.seen);
  }

  /** Pid of the process that the lock names; undefined without a readable lock. */
  heldBy(): number | undefined {
    return holderOf(this.read())?.pid;
  }

  /** Releases the lock. A lock file that cannot be removed is taken over by the next process. */
  release(): void {
    try {
      if (this.isMine()) rmSync(this.path, { force: true });
    } catch {
      // The process is ending: an error would help no caller.
    }
  }

  private isMine(): boolean {
    return holderOf(this.read())?.instance === this.holder.instance;
  }

  private create(): boolean {
    try {
      writeFileSync(this.path, JSON.stringify(this.holder), { flag: 'wx', mode: 0o600 });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  }

  /**
   * Replaces a stale lock. Of several processes one succeeds: a second lock, named after the content
   * of the stale one, protects the comparison and the removal.
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

/**
 * Returns true if no running process holds the lock. Another process may be writing an unreadable
 * lock at this moment: it is stale if the previous look found the same content.
 */
function isStale(found: string, previous: string | undefined): boolean {
  const holder = holderOf(found);
  if (holder === undefined) return found === previous;
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
  return Number.isInteger(pid) && pid > 0 && pid <= LARGEST_PID;
}

function isRunning({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = statOf(pid);
  if (now === undefined) return true;
  // A process that has ended but whose parent has not read its exit status answers signals.
  if (now.state === 'Z' || now.state === 'X') return false;
  // In a container the same few pids return at every start.
  return started === undefined || now.started === started;
}

interface ProcessStat {
  readonly state?: string;
  readonly started?: string;
}

/** State and start time of a process on Linux (proc(5), fields 3 and 22); elsewhere undefined. */
function statOf(pid: number): ProcessStat | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0], started: fields[19] };
  } catch {
    return undefined;
  }
}
