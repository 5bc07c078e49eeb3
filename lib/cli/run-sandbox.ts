import { OxdConfigurationError } from '../base/errors.js';
import { withoutUndefined } from '../base/json.js';
import { startSandbox } from '../sandbox/sandbox.js';
import type { SandboxArguments } from './arguments.js';
import { configurationLines } from './configuration-lines.js';
import { loadPolicyFile } from './policy-file.js';

/** Arguments that set an option of the sandbox, for its error messages. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  port: '--port',
  owner: '--owner, or export "owner" of --policy',
  scopes: '--scopes',
  policies: '--policy, export "policies"',
  clientsFile: '--clients-file',
};

/**
 * Runs the sandbox until a signal ends the process.
 *
 * @returns exit code: 0 after a signal, 1 if the sandbox cannot start
 */
export async function runSandbox(args: SandboxArguments): Promise<number> {
  const { redirectUri, policyFile, ...options } = args;
  const stopped = stopSignal();
  try {
    const policies = policyFile === undefined ? {} : await loadPolicyFile(policyFile);
    const sandbox = await startSandbox({ ...policies, ...withoutUndefined(options) });
    const lines = configurationLines(sandbox.issuer, redirectUri);
    process.stdout.write(`\n${lines.join('\n')}\n`);
    await stopped;
    await sandbox.close();
    return 0;
  } catch (error) {
    if (!(error instanceof OxdConfigurationError)) throw error;
    process.stderr.write(`${error.issues.map(namingArgument).join('\n')}\n`);
    return 1;
  }
}

/** Resolves at the first signal. Ignores later ones: npx repeats the signal of Ctrl-C. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve());
  });
}

function namingArgument(issue: string): string {
  const path = issue.slice(0, issue.indexOf(':'));
  return `${ARGUMENTS[path] ?? path}${issue.slice(path.length)}`;
}
