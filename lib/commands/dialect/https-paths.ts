import { within, type Release, type Span } from '../../base/oxd-releases.js';
import { COMMAND_RULES } from '../command-rules.js';
import type { CommandName } from '../command.js';
import type { OxdVersion } from '../oxd-transport.js';
import type { CommandRule } from '../parameter-rules.js';

/** Commands with a path in fewer releases than they exist in. */
const OVER_HTTPS: { readonly [C in CommandName]?: Span } = {
  // The HTTPS extension of 3.1.4 has no path for this command.
  get_rp: { since: '4.0' },
};

/** Path of a command, with the releases that have it. */
interface CommandPath {
  readonly path: string;
  readonly span: Span;
}

/** Paths by the name of the command on the wire. A path never changed its name, unlike a command. */
const PATHS: ReadonlyMap<string, CommandPath> = new Map(
  Object.entries<CommandRule<unknown>>(COMMAND_RULES).flatMap(([name, rule]) => {
    const path = `/${name.replaceAll('_', '-')}`;
    const span = OVER_HTTPS[name as CommandName] ?? rule;
    const { spelled } = rule;
    const own: [string, CommandPath] = [name, { path, span }];
    return spelled ? [own, [spelled.as, { path, span: spelled }]] : [own];
  }),
);

/**
 * Returns the path of a command in the HTTPS extension of oxd 3.1 and in the REST API of oxd 4.
 *
 * @param command name on the wire, such as `get_user_info`
 * @returns such as `/get-user-info`; undefined if the release has no path for the command
 */
export function httpsPath(release: Release, command: string): string | undefined {
  const found = PATHS.get(command);
  return found && within(release, found.span) ? found.path : undefined;
}

/** Returns true for the releases with the REST API; those before have the HTTPS extension. */
export function isRest(version: OxdVersion): boolean {
  return version !== 'contract' && within(version, { since: '4.0' });
}
