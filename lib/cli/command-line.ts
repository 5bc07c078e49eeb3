import { readFileSync } from 'node:fs';
import { readArguments } from './arguments.js';
import { runSandbox } from './run-sandbox.js';
import { USAGE } from './usage.js';

/**
 * Runs the command line `nestjs-oxd` until it ends.
 *
 * @param args arguments after the name of the command
 * @returns exit code: 0 on success, 1 if the sandbox does not start, 2 if an argument is invalid
 */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  const parsed = readArguments(args);
  switch (parsed.kind) {
    case 'help':
      process.stdout.write(USAGE);
      return 0;
    case 'version':
      process.stdout.write(`${packageVersion()}\n`);
      return 0;
    case 'invalid':
      process.stderr.write(`${parsed.problem}\n\n${USAGE}`);
      return 2;
    case 'sandbox':
      return runSandbox(parsed);
  }
}

function packageVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
