import { resolveOptions, type OxdModuleOptions } from '../../lib/options/oxd.options.js';
import { siteFingerprint } from '../../lib/options/site-fingerprint.js';
import { ScriptedTransport } from '../../lib/testing/testing.js';
import type { OxdVersion } from '../../lib/commands/oxd-transport.js';

type Given = Omit<Partial<OxdModuleOptions>, 'site'> & { site?: Partial<OxdModuleOptions['site']> };

const site = {
  op_host: 'https://op.example.com',
  authorization_redirect_uri: 'https://app.example.com/callback',
};

class OxdTransportOfTest extends ScriptedTransport {
  override readonly version: OxdVersion = '3.1.4';
}

const of = (given: Given = {}): string =>
  siteFingerprint(resolveOptions({ ...given, site: { ...site, ...given.site } }, 'test'));

const client_secret = 'the secret of a client';

describe('the fingerprint of a site', () => {
  it.each<{ name: string; given: Given }>([
    { name: 'provider', given: { site: { op_host: 'https://other.example.com' } } },
    { name: 'discovery path', given: { site: { op_discovery_path: '/realms/shop' } } },
    {
      name: 'configuration endpoint',
      given: {
        site: {
          op_configuration_endpoint: `${site.op_host}/x/.well-known/openid-configuration`,
        },
      },
    },
    {
      name: 'redirect URI',
      given: { site: { authorization_redirect_uri: 'https://app.example.com/other' } },
    },
    { name: 'client name', given: { site: { client_name: 'Shop' } } },
    { name: 'client', given: { site: { client_id: 'client', client_secret } } },
    { name: 'oxd_id', given: { site: { oxd_id: 'site-1' } } },
    { name: 'socket transport', given: { transport: { type: 'socket' } } },
    { name: 'custom transport', given: { transport: new ScriptedTransport() } },
  ])('differs for another $name', ({ given }) => {
    expect(of(given)).not.toBe(of());
  });

  it.each<{ name: string; one: Given; other: Given }>([
    { name: 'secret', one: { secret: 'one-'.repeat(8) }, other: { secret: 'two-'.repeat(8) } },
    { name: 'module name', one: { name: 'shop' }, other: { name: 'admin' } },
    {
      name: 'client secret',
      one: { site: { client_id: 'client', client_secret } },
      other: { site: { client_id: 'client', client_secret: 'a rotated secret' } },
    },
    { name: 'scope', one: { site: { scope: ['openid'] } }, other: {} },
    {
      name: 'address of oxd-server',
      one: { transport: { type: 'socket', port: 8099 } },
      other: { transport: { type: 'socket', port: 8100 } },
    },
    {
      name: 'transport class to the same kind of server',
      one: { transport: { type: 'socket' } },
      other: { transport: new OxdTransportOfTest() },
    },
  ])('is the same for another $name', ({ one, other }) => {
    expect(of(one)).toBe(of(other));
  });
});
