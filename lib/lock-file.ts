import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

interface Holder {
  readonly pid: number;
  /** When the process started: tells it from a later one with the same pid. */
  readonly started?: string;
  readonly instance: string;
}

/** A file that names the process, and the instance in it, to which the file beside it belongs. */
export class LockFile {
  private readonly holder: Holder = {
    pid: process.pid,
    started: startOf(process.pid),
    instance: randomUUID(),
  };

  /** @param path of the lock file; its directory must exist when the lock is taken */
  constructor(private readonly path: string) {}

  /**
   * Takes the lock, also where it was left behind by a process that is gone.
   *
   * @returns whether it is ours now; if not, {@link heldBy} tells whose it is
   * @throws {NodeJS.ErrnoException} when the file cannot be written
   */
  take(): boolean {
    if (this.isMine()) return true;
    if (!this.create()) {
      const other = this.read();
      if (other && isRunning(other)) return false;
      this.replace();
    }
    return this.isMine();
  }

  /** Pid of the process that the lock names; undefined where there is no readable lock. */
  heldBy(): number | undefined {
    return this.read()?.pid;
  }

  private isMine(): boolean {
    return this.read()?.instance === this.holder.instance;
  }

  /** Gives the lock back. One that cannot be removed is taken over by the next process. */
  release(): void {
    try {
      if (this.isMine()) rmSync(this.path, { force: true });
    } catch {
      // Nobody is helped by an error at the very end.
    }
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

  private replace(): void {
    const own = `${this.path}.${this.holder.instance}`;
    writeFileSync(own, JSON.stringify(this.holder), { flag: 'wx', mode: 0o600 });
    renameSync(own, this.path);
  }

  /** The holder; undefined where there is none, and where a crash left no readable one. */
  private read(): Holder | undefined {
    try {
      const holder = JSON.parse(readFileSync(this.path, 'utf8')) as Holder;
      return Number.isInteger(holder.pid) && holder.pid > 0 ? holder : undefined;
    } catch {
      return undefined;
    }
  }
}

function isRunning({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  // In a container the same few pids come back at every start.
  const now = startOf(pid);
  return now === undefined || started === undefined || now === started;
}

/** Start time of a process as Linux counts it (proc(5), field 22 of `stat`); elsewhere unknown. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
