import { readdir, readFile } from 'node:fs/promises';

/** Length of a clock tick in microseconds: Linux reports CPU times of 100 ticks per second. */
const TICK = 10_000;

/**
 * CPU time of all processes of a group so far, in microseconds.
 *
 * @returns undefined on a system other than Linux
 */
export async function cpuOfGroup(group) {
  if (process.platform !== 'linux') return undefined;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const times = await Promise.all(pids.map((pid) => cpuOf(pid, group)));
  return times.reduce((sum, time) => sum + time, 0);
}

async function cpuOf(pid, group) {
  // The process may have ended after the list was read.
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [processGroup, user, system] = [2, 11, 12].map((index) => Number(fields[index]));
  return processGroup === group ? (user + system) * TICK : 0;
}
