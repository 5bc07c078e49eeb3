import { RELEASES } from '../../../lib/base/oxd-releases.js';
import { httpsPath } from '../../../lib/commands/dialect/https-paths.js';

/** First and last release with the path; a blank end is open. Facts of the extension and the REST API. */
const PATHS: readonly [command: string, path: string, since: string, until: string][] = [
  ['setup_client', '/setup-client', '3.1.1', '3.1.4'],
  ['get_client_token', '/get-client-token', '', ''],
  ['register_site', '/register-site', '', ''],
  ['update_site_registration', '/update-site', '3.1.1', '3.1.1'],
  ['update_site', '/update-site', '', ''],
  ['remove_site', '/remove-site', '3.1.2', ''],
  ['get_rp', '/get-rp', '4.0', ''],
  ['get_authorization_url', '/get-authorization-url', '', ''],
  ['get_tokens_by_code', '/get-tokens-by-code', '', ''],
  ['get_access_token_by_refresh_token', '/get-access-token-by-refresh-token', '', ''],
  ['get_user_info', '/get-user-info', '', ''],
  ['get_logout_uri', '/get-logout-uri', '', ''],
  ['introspect_access_token', '/introspect-access-token', '3.1.2', ''],
  ['introspect_rpt', '/introspect-rpt', '3.1.2', ''],
  ['uma_rs_protect', '/uma-rs-protect', '', ''],
  ['uma_rs_modify', '/uma-rs-modify', '4.2', ''],
  ['uma_rs_check_access', '/uma-rs-check-access', '', ''],
  ['uma_rp_get_rpt', '/uma-rp-get-rpt', '', ''],
  ['uma_rp_get_claims_gathering_url', '/uma-rp-get-claims-gathering-url', '', ''],
];

const position = (release: string): number =>
  RELEASES.indexOf(release as (typeof RELEASES)[number]);

describe('path over HTTPS', () => {
  it.each(PATHS)('of %s is %s in the releases that have it', (command, path, since, until) => {
    const expected = RELEASES.map((release) => {
      const isLater = since === '' || position(release) >= position(since);
      const isEarlier = until === '' || position(release) <= position(until);
      return isLater && isEarlier ? path : undefined;
    });
    expect(RELEASES.map((release) => httpsPath(release, command))).toEqual(expected);
  });

  it.each(['toString', 'get_jwks', ''])('does not exist for %p', (command) => {
    expect(RELEASES.map((release) => httpsPath(release, command))).toEqual(
      RELEASES.map(() => undefined),
    );
  });
});
