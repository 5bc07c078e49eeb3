import { writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';

const ROWS = 25;

/** Starts a CPU profile; returns a function that writes it and returns its largest functions. */
export async function startProfile() {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  return async (file) => {
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    await writeFile(file, JSON.stringify(profile));
    return { packages: shares(profile, packageOf), functions: shares(profile, functionOf) };
  };
}

/** Percent of the samples by a key of the function on top of the stack, largest first. */
function shares({ nodes, samples }, keyOf) {
  const keys = new Map(nodes.map(({ id, callFrame }) => [id, keyOf(callFrame)]));
  const counts = new Map();
  for (const id of samples) counts.set(keys.get(id), (counts.get(keys.get(id)) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, ROWS)
    .map(([key, count]) => [key, Number(((100 * count) / samples.length).toFixed(1))]);
}

function packageOf({ url, functionName }) {
  if (url === '') return functionName;
  if (url.startsWith('node:')) return 'Node.js';
  const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  return name ?? (url.includes('/dist/') ? 'nestjs-oxd' : 'bench');
}

function functionOf({ url, functionName, lineNumber }) {
  const file = url.replace(/^.*\/(?:node_modules|dist)\//, '');
  return `${functionName || '(anonymous)'} ${file}:${lineNumber + 1}`;
}
