import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './source.js';

export interface FileReport {
  readonly name: string;
  readonly status: string;
  readonly message: string;
}

interface Report {
  readonly testResults: readonly FileReport[];
}

/** Runs Jest in a new process, on files that are no tests of the suite; returns output and report. */
export async function runJest(
  ...args: readonly string[]
): Promise<{ printed: string; report: Report }> {
  const folder = await mkdtemp(join(tmpdir(), 'oxd-jest-'));
  const file = join(folder, 'report.json');
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  const command = ['--experimental-vm-modules', jest, '--json', '--coverage=false', ...args];
  const printed = await new Promise<string>((resolve) => {
    execFile(process.execPath, [...command, '--outputFile', file], (_, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });
  const report = JSON.parse(await readFile(file, 'utf8')) as Report;
  await rm(folder, { recursive: true });
  return { printed, report };
}
