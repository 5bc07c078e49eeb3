import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { OxdConfigurationError } from '../base/errors.js';
import { withoutUndefined } from '../base/json.js';
import type { SandboxOptions } from '../sandbox/sandbox.js';

const EXAMPLE = `export const policies = { '[GET] /albums': () => 'grant' };`;

/**
 * Imports the policies of the sandbox from a module.
 *
 * @param file path, relative to the working directory
 * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when the file is missing, cannot be imported,
 *   or does not export `policies`
 */
export async function loadPolicyFile(
  file: string,
): Promise<Pick<SandboxOptions, 'policies' | 'owner'>> {
  const path = resolve(file);
  if (!existsSync(path)) throw invalid(`${path} does not exist; correct the path`);
  const { policies, owner } = await importFile(path);
  if (policies === undefined) throw invalid(`${path} must export "policies": ${EXAMPLE}`);
  return withoutUndefined({ policies, owner });
}

/** The sandbox validates both values. */
async function importFile(path: string): Promise<Pick<SandboxOptions, 'policies' | 'owner'>> {
  try {
    return (await import(pathToFileURL(path).href)) as Pick<SandboxOptions, 'policies' | 'owner'>;
  } catch (cause) {
    const reason = String(cause).split('\n')[0];
    throw invalid(
      `${path} cannot be imported (${reason}); correct it, or rename it: *.mjs is an ES module, ` +
        '*.cjs is CommonJS',
      cause,
    );
  }
}

function invalid(issue: string, cause?: unknown): OxdConfigurationError {
  return new OxdConfigurationError([`--policy: ${issue}`], { cause });
}
