import { runInThisContext } from 'node:vm';

/** Environment of the process itself: Jest gives tests a copy, which Node's own modules ignore. */
const real = runInThisContext('process.env') as NodeJS.ProcessEnv;

/**
 * Sets environment variables, for tests and for Node's own modules; undefined removes one.
 *
 * @returns a function that restores them
 */
export function setEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
): () => void {
  const before = Object.keys(variables).map((name) => [name, real[name]] as const);
  Object.entries(variables).forEach(([name, value]) => assign(name, value));
  return () => before.forEach(([name, value]) => assign(name, value));
}

function assign(name: string, value: string | undefined): void {
  for (const environment of [real, process.env]) {
    if (value === undefined) delete environment[name];
    else environment[name] = value;
  }
}
