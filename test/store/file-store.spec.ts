import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { inspect } from 'node:util';
import { OxdConfigurationError, OxdStoreError } from '../../lib/base/errors.js';
import { FileStore, type FileStoreOptions } from '../../lib/store/file-store.js';
import { registerSecret } from '../support/secrets.js';
import { itAddsOnce, itKeepsTheContract } from '../support/store-contract.js';

const NOBODY_UID = 65_534;

/** Holders with a pid in use: recognized as ended by the start time, if the system provides it. */
const EARLIER_PROCESSES: [string, () => object | undefined][] = [
  [
    'an earlier process with the pid of this process, as in a container',
    () => ({ pid: process.pid, started: '1', instance: 'other' }),
  ],
  [
    'an earlier process whose pid is in use again',
    () => ({ pid: process.ppid, started: '1', instance: 'other' }),
  ],
];

let root: string;
let path: string;
let opened: FileStore[];
/** Milliseconds of each wait for a lock. */
let pauses: number[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'oxd-store-'));
  path = join(root, '.oxd/store.json');
  opened = [];
  pauses = [];
});

afterEach(async () => {
  await Promise.all(opened.map((store) => store.close()));
  await rm(root, { recursive: true });
});

async function open(file = path, options: FileStoreOptions = {}): Promise<FileStore> {
  const pause = async (milliseconds: number) => void pauses.push(milliseconds);
  const store = await FileStore.open(file, { pause, ...options });
  opened.push(store);
  return store;
}

itKeepsTheContract(() => open());
itAddsOnce(() => open());

describe('the file of a FileStore', () => {
  it('has the values for the next store', async () => {
    const store = await open();
    await store.set('site', { oxd_id: 'a' });
    await store.set('other', 1);
    await store.delete('other');
    await store.close();
    const next = await open();
    expect(await next.get('site')).toEqual({ oxd_id: 'a' });
    expect(await next.get('other')).toBeUndefined();
  });

  it('can be read by its owner only, whatever the umask', async () => {
    const umask = process.umask(0);
    try {
      await (await open()).set('site', 1);
    } finally {
      process.umask(umask);
    }
    expect(await modes(path, `${path}.lock`, dirname(path))).toEqual(['600', '600', '700']);
  });

  it('can be read by its owner only once it is open, although its mode was 666', async () => {
    await mkdir(dirname(path));
    await writeFile(path, '{"version":1,"records":{"site":1}}');
    await chmod(path, 0o666);
    const store = await open();
    expect(await modes(path)).toEqual(['600']);
    await store.set('site', 2);
    expect(await modes(path)).toEqual(['600']);
  });

  it('is .oxd/store.json under the working directory by default', async () => {
    const before = process.cwd();
    process.chdir(root);
    try {
      const store = await FileStore.open();
      opened.push(store);
      await store.set('site', 1);
    } finally {
      process.chdir(before);
    }
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ version: 1, records: { site: 1 } });
  });

  it('is hidden from Git in the default directory only, without changing a .gitignore', async () => {
    const before = process.cwd();
    process.chdir(root);
    try {
      await (await open('.oxd/store.json')).close();
      expect(await readFile('.oxd/.gitignore', 'utf8')).toBe('*\n');
      await writeFile('.oxd/.gitignore', 'own');
      await (await open('.oxd/other.json')).set('site', 1);
      expect(await readFile('.oxd/.gitignore', 'utf8')).toBe('own');
      await open('data/store.json');
      expect(await readdir('data')).toEqual(['store.json.lock']);
    } finally {
      process.chdir(before);
    }
  });

  it('never contains a value with a lifetime', async () => {
    const store = await open();
    await store.set('site', 1);
    await store.set('login', 'temporary-1', 60_000);
    await store.add('lock', 'temporary-2', 60_000);
    await store.set('login-2', 'stored', undefined);
    await store.set('login-2', 'temporary-3', 60_000);
    expect(await readFile(path, 'utf8')).not.toMatch(/temporary|stored|login|lock/);
    await store.close();
    const next = await open();
    expect(await next.get('login')).toBeUndefined();
    expect(await next.get('login-2')).toBeUndefined();
    expect(await next.get('site')).toBe(1);
  });

  it('does not affect values with a lifetime, which expire by the clock', async () => {
    let now = 0;
    const store = await open(path, { clock: () => now });
    await store.set('login', 'value', 1_000);
    now = 999;
    expect(await store.get('login')).toBe('value');
    now = 1_000;
    expect(await store.get('login')).toBeUndefined();
    expect(await store.delete('login')).toBe(false);
  });

  it('has every one of many values that are set concurrently', async () => {
    const store = await open();
    await Promise.all(Array.from({ length: 50 }, (_, index) => store.set(`key:${index}`, index)));
    await store.close();
    const { records } = JSON.parse(await readFile(path, 'utf8')) as { records: object };
    expect(Object.keys(records)).toHaveLength(50);
  });

  it('has a value whose write was pending when the store was closed', async () => {
    const store = await open();
    const setting = store.set('site', 1);
    await store.close();
    await setting;
    expect(await (await open()).get('site')).toBe(1);
  });

  it('has no temporary file of an interrupted write beside it once it is open', async () => {
    await mkdir(dirname(path));
    await writeFile(`${path}.tmp`, '{"version":1,"rec');
    await open();
    expect(await readdir(dirname(path))).toEqual(['store.json.lock']);
  });

  it('cannot be used after close()', async () => {
    const store = await open();
    await store.set('site', 1);
    await store.close();
    await store.close();
    await expect(store.get('site')).rejects.toThrow(OxdStoreError);
    await expect(store.set('site', 2)).rejects.toThrow('closed');
    await expect(store.delete('site')).rejects.toThrow('closed');
    await expect(store.add('lock', 2, 1_000)).rejects.toThrow('closed');
  });
});

describe('a file that is not a store file', () => {
  const secret = 'Zq8-client_secret-of-a-site';

  it.each([
    { name: 'is incomplete', text: `{"version":1,"records":{"site":{"client_secret":"${secret}` },
    { name: 'is empty', text: '' },
    { name: 'is a list', text: '[]' },
    { name: 'is null', text: 'null' },
    { name: 'has no records', text: '{"version":1}' },
    { name: 'has a list of records', text: '{"version":1,"records":[]}' },
    { name: 'has a later version', text: '{"version":2,"records":{}}' },
  ])('ends the start, unchanged, when it $name', async ({ text }) => {
    registerSecret(secret);
    await mkdir(dirname(path));
    await writeFile(path, text);
    const error = await open().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OxdConfigurationError);
    expect((error as OxdConfigurationError).issues).toEqual([
      expect.stringMatching(/^store: .*store\.json is not a store file.*move it away/),
    ]);
    expect(inspect(error)).not.toContain(secret);
    expect(await readFile(path, 'utf8')).toBe(text);
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  it('is an outage when it appears after the start', async () => {
    await mkdir(`${path}.tmp`, { recursive: true });
    const store = await open();
    await rm(`${path}.tmp`, { recursive: true });
    await writeFile(path, 'not JSON');
    await expect(store.get('site')).rejects.toThrow(OxdStoreError);
    expect(await readFile(path, 'utf8')).toBe('not JSON');
  });
});

describe('the lock of a FileStore', () => {
  it('rejects a second store in this process', async () => {
    await open();
    const error = (await open().catch((reason: unknown) => reason)) as OxdConfigurationError;
    expect(error).toBeInstanceOf(OxdConfigurationError);
    expect(error.issues).toEqual([
      expect.stringMatching(
        /^store: .*store\.json is in use by this process; if OxdModule is imported twice, call forRoot\(\) once/,
      ),
    ]);
  });

  it('rejects a store while another process holds it, and names that process', async () => {
    const holder = runningProcess();
    await mkdir(dirname(path));
    await writeFile(`${path}.lock`, JSON.stringify({ ...holder, instance: 'other' }));
    await expect(open()).rejects.toThrow(`in use by process ${holder.pid}`);
    expect(pauses).toEqual(Array.from({ length: 9 }, () => 100));
  });

  it('is awaited while its process stops', async () => {
    await mkdir(dirname(path));
    await writeFile(`${path}.lock`, JSON.stringify({ ...runningProcess(), instance: 'other' }));
    const pause = async (milliseconds: number) => {
      if (pauses.push(milliseconds) === 3) await rm(`${path}.lock`);
    };
    await (await open(path, { pause })).set('site', 1);
    expect(pauses).toEqual([100, 100, 100]);
  });

  it('is awaited while another process writes it', async () => {
    await mkdir(dirname(path));
    await writeFile(`${path}.lock`, '');
    const holder = JSON.stringify({ ...runningProcess(), instance: 'other' });
    const pause = async (milliseconds: number) => {
      if (pauses.push(milliseconds) === 1) await writeFile(`${path}.lock`, holder);
    };
    await expect(open(path, { pause })).rejects.toThrow('in use by process');
    expect(await readFile(`${path}.lock`, 'utf8')).toBe(holder);
  });

  it('is free for the next store after close()', async () => {
    const store = await open();
    await store.close();
    expect(existsSync(`${path}.lock`)).toBe(false);
    await open();
  });

  it.each<[string, () => object | undefined]>([
    ['a process that has ended', () => ({ pid: deadPid(), instance: 'other' })],
    ['an empty lock file, after a crash', () => undefined],
    ['a holder without a pid', () => ({ instance: 'other' })],
    ...[1e300, 2 ** 31, -1, 0, 1.5].map((pid): [string, () => object] => [
      `an invalid pid, ${pid}`,
      () => ({ pid, instance: 'other' }),
    ]),
    ...(existsSync('/proc/self/stat') ? EARLIER_PROCESSES : []),
  ])('is taken over from %s', async (_, holder) => {
    await mkdir(dirname(path));
    await writeFile(`${path}.lock`, JSON.stringify(holder()) ?? '');
    const store = await open();
    await store.set('site', 1);
    expect(await store.get('site')).toBe(1);
    expect(await readdir(dirname(path))).toEqual(['store.json', 'store.json.lock']);
    await expect(open()).rejects.toThrow('in use by this process;');
  });

  if (existsSync('/proc/self/stat')) {
    it('is taken over from a zombie at the first attempt', async () => {
      const { pid, stop } = await zombie();
      try {
        await mkdir(dirname(path));
        const { state, started } = statOf(pid);
        expect(state).toBe('Z');
        await writeFile(`${path}.lock`, JSON.stringify({ pid, started, instance: 'other' }));
        await (await open()).set('site', 1);
        expect(pauses).toEqual([]);
      } finally {
        await stop();
      }
    });
  }

  it('is taken over although a takeover was interrupted', async () => {
    await mkdir(dirname(path));
    const stale = JSON.stringify({ pid: deadPid(), instance: 'other' });
    await writeFile(`${path}.lock`, stale);
    const name = createHash('sha256').update(stale).digest('hex').slice(0, 16);
    await writeFile(`${path}.lock.${name}`, JSON.stringify({ pid: deadPid(), instance: 'third' }));
    await open();
    expect(await readdir(dirname(path))).toEqual(['store.json.lock']);
  });

  it('is not removed by a store that has lost it', async () => {
    const store = await open();
    const holder = { ...runningProcess(), instance: 'other' };
    await writeFile(`${path}.lock`, JSON.stringify(holder));
    await expect(store.set('site', 1)).rejects.toThrow(OxdStoreError);
    await expect(store.set('site', 1)).rejects.toThrow(`in use by process ${holder.pid}`);
    await store.close();
    expect(JSON.parse(await readFile(`${path}.lock`, 'utf8'))).toEqual(holder);
    expect(existsSync(path)).toBe(false);
  });
});

describe('a file that cannot be written', () => {
  it('does not stop the start, fails every use, and recovers', async () => {
    await mkdir(`${path}.tmp`, { recursive: true });
    const store = await open();
    await expect(store.get('site')).rejects.toThrow(OxdStoreError);
    await expect(store.set('site', 1)).rejects.toThrow(/store\.json could not be .* \([A-Z_]+\)/);
    await expect(store.set('login', 1, 1_000)).rejects.toThrow(OxdStoreError);
    await expect(store.delete('site')).rejects.toThrow(OxdStoreError);
    await expect(store.add('lock', 1, 1_000)).rejects.toThrow(OxdStoreError);
    await rm(`${path}.tmp`, { recursive: true });
    await store.set('site', 1);
    expect(await store.get('site')).toBe(1);
  });

  it.each([
    { name: 'its directory is a file', at: '.oxd', code: 'EEXIST' },
    {
      name: 'a directory above it is a file',
      at: '.oxd',
      file: '.oxd/app/s.json',
      code: 'ENOTDIR',
    },
  ])('is rejected at start when $name', async ({ at, file = '.oxd/store.json', code }) => {
    await writeFile(join(root, at), 'in the way');
    const error = await open(join(root, file)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OxdConfigurationError);
    expect((error as OxdConfigurationError).issues).toEqual([
      expect.stringMatching(new RegExp(`^store: .*json could not be locked \\(${code}\\)`)),
    ]);
  });

  it('retains the old value in file and memory, and recovers', async () => {
    const store = await open();
    await store.set('site', 'old');
    const before = await readFile(path, 'utf8');
    await mkdir(`${path}.tmp`);

    await expect(store.set('site', 'new')).rejects.toThrow(OxdStoreError);
    await expect(store.set('other', 'new')).rejects.toThrow(OxdStoreError);
    await expect(store.delete('site')).rejects.toThrow(OxdStoreError);
    await expect(store.set('site', 'temporary', 1_000)).rejects.toThrow(OxdStoreError);
    expect(await store.get('site')).toBe('old');
    expect(await store.get('other')).toBeUndefined();
    expect(await readFile(path, 'utf8')).toBe(before);
    await store.set('login', 'temporary', 60_000);
    expect(await store.get('login')).toBe('temporary');

    await rm(`${path}.tmp`, { recursive: true });
    await store.set('site', 'new');
    expect(await store.delete('site')).toBe(true);
  });

  it('does not count as an empty store when its directory is deleted', async () => {
    const store = await open();
    await store.set('site', 'stored');
    await rename(dirname(path), join(root, 'away'));
    await writeFile(dirname(path), 'in the way');
    await expect(store.set('other', 1)).rejects.toThrow(OxdStoreError);
    expect(await store.get('site')).toBe('stored');

    await rm(dirname(path));
    await store.set('other', 1);
    expect(await store.get('site')).toBe('stored');
    await store.close();
    expect(await (await open()).get('site')).toBe('stored');
  });

  it('is rejected at start, and fails at use, when permissions are missing', async () => {
    await mkdir(dirname(path));
    for (const directory of [root, dirname(path)]) await changeOwner(directory);
    await asOrdinaryUser(async () => {
      await chmod(dirname(path), 0o500);
      await expect(open()).rejects.toThrow(/store: .*\(EACCES\)/);
      await chmod(dirname(path), 0o700);
      const store = await open();
      await store.set('site', 1);
      await chmod(dirname(path), 0o500);
      await expect(store.set('site', 2)).rejects.toThrow('(EACCES)');
      expect(await store.get('site')).toBe(1);
      await chmod(dirname(path), 0o700);
      await store.set('site', 3);
      await chmod(path, 0o000);
      await store.close();
      await expect(open()).rejects.toThrow(/store: .*read \(EACCES\)/);
      await chmod(path, 0o600);
      expect(await (await open()).get('site')).toBe(3);
    });
  });

  it('causes an error without keys and values', async () => {
    const secret = randomBytes(24).toString('base64url');
    registerSecret(secret);
    const store = await open();
    await mkdir(`${path}.tmp`);
    const error = await store.set(secret, { secret }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OxdStoreError);
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain(secret);
    await rm(`${path}.tmp`, { recursive: true });
  });
});

async function modes(...files: string[]): Promise<string[]> {
  const stats = await Promise.all(files.map((file) => stat(file)));
  return stats.map(({ mode }) => (mode & 0o777).toString(8));
}

function deadPid(): number {
  return spawnSync(process.execPath, ['--version']).pid;
}

/**
 * Starts a process that ends and whose parent does not read its exit status. The process ends only
 * after its parent has become `sleep`: a shell might still read the exit status.
 */
async function zombie(): Promise<{ pid: number; stop: () => Promise<unknown> }> {
  const parent = spawn('sh', ['-c', 'cat <&3 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  const [line] = (await once(parent.stdio[1] as Readable, 'data')) as [Buffer];
  const pid = Number(line.toString());
  const isSleep = () => readFileSync(`/proc/${parent.pid}/comm`, 'utf8') === 'sleep\n';
  while (!isSleep()) await new Promise(setImmediate);
  (parent.stdio[3] as Writable).end();
  while (statOf(pid).state !== 'Z') await new Promise(setImmediate);
  const stop = () => {
    parent.kill('SIGKILL');
    return once(parent, 'exit');
  };
  return { pid, stop };
}

function statOf(pid: number): { state?: string; started?: string } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0], started: fields[19] };
}

/** Returns the parent of this process, which runs as long as the test. */
function runningProcess(): { pid: number } {
  return { pid: process.ppid };
}

async function changeOwner(directory: string): Promise<void> {
  if (process.getuid?.() === 0) await chown(directory, NOBODY_UID, NOBODY_UID);
}

/** Runs `work` as another user than root, whom permissions do not restrict. */
async function asOrdinaryUser(work: () => Promise<void>): Promise<void> {
  const root = process.getuid?.() === 0;
  if (root) process.seteuid?.(NOBODY_UID);
  try {
    await work();
  } finally {
    if (root) process.seteuid?.(0);
  }
}
