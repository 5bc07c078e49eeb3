import type { OxdLog } from '../base/log.js';
import type { CommandName } from '../commands/command.js';
import { ignoredParams } from '../commands/dialect/dialect.js';
import type { OxdVersion } from '../commands/oxd-transport.js';

/** Version of oxd that ignores options, and the log for their names. */
export interface IgnoredOptionsContext {
  readonly version: OxdVersion;
  readonly log: OxdLog;
}

/**
 * Returns the parameters without those that this version of oxd silently ignores; logs their names.
 *
 * @param logged options whose names are logged; the others did not change
 */
// oxlint-disable-next-line max-params -- the last parameter is for updates only
export function withoutIgnored<P extends object>(
  { version, log }: IgnoredOptionsContext,
  command: CommandName,
  params: P,
  logged: readonly string[] = Object.keys(params),
): P {
  const ignored = ignoredParams(version, command, params);
  const names = ignored.filter((name) => logged.includes(name)).map((name) => `site.${name}`);
  if (names.length > 0) log.warn(`oxd ${version} ignores ${names.join(', ')} in ${command}.`);
  const entries = Object.entries(params).filter(([name]) => !ignored.includes(name));
  return Object.fromEntries(entries) as P;
}
