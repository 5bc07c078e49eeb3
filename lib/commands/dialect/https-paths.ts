import { within, type Release, type Span } from '../../base/oxd-releases.js';
import type { OxdVersion } from '../oxd-transport.js';

/** Commands with a path over HTTPS, with the releases that have it. */
const COMMANDS: Readonly<Record<string, Span>> = {
  setup_client: { until: '3.1.4' },
  get_client_token: {},
  register_site: {},
  update_site: {},
  // The path of this command has never changed its name.
  update_site_registration: { until: '3.1.1' },
  remove_site: { since: '3.1.2' },
  // The HTTPS extension of 3.1.4 has no path for this command.
  get_rp: { since: '4.0' },
  get_authorization_url: {},
  get_tokens_by_code: {},
  get_access_token_by_refresh_token: {},
  get_user_info: {},
  get_logout_uri: {},
  introspect_access_token: { since: '3.1.2' },
  introspect_rpt: { since: '3.1.2' },
  uma_rs_protect: {},
  uma_rs_modify: { since: '4.2' },
  uma_rs_check_access: {},
  uma_rp_get_rpt: {},
  uma_rp_get_claims_gathering_url: {},
};

const RENAMED: Readonly<Record<string, string>> = { update_site_registration: '/update-site' };

/**
 * Returns the path of a command in the HTTPS extension of oxd 3.1 and in the REST API of oxd 4.
 *
 * @param command name on the wire, such as `get_user_info`
 * @returns such as `/get-user-info`; undefined if the release has no path for the command
 */
export function httpsPath(release: Release, command: string): string | undefined {
  const span = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (!span || !within(release, span)) return undefined;
  return RENAMED[command] ?? `/${command.replaceAll('_', '-')}`;
}

/** Returns true for the releases with the REST API; those before have the HTTPS extension. */
export function isRest(version: OxdVersion): boolean {
  return version !== 'contract' && within(version, { since: '4.0' });
}
