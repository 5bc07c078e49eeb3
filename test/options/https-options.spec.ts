import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { printedModuleOptions } from '../../lib/options/printed-options.js';
import { OxdConfigurationError } from '../../lib/base/errors.js';
import { RELEASES } from '../../lib/base/oxd-releases.js';
import type { HttpsTransportOptions } from '../../lib/options/https-transport-options.js';
import {
  resolveOptions,
  transportSide,
  type OxdModuleOptions,
} from '../../lib/options/oxd.options.js';

const file = (name: string) =>
  readFileSync(new URL(`../support/tls/${name}`, import.meta.url), 'utf8');
const [cert, key, ca] = [file('cert.pem'), file('key.pem'), file('ca.pem')];
const DAMAGED = `${ca}${ca.replace(/\n[A-Za-z]{8}/, '\nAAAAAAAA')}`;
const otherCert = file('self-signed.pem');

const site = {
  op_host: 'https://op.example.com',
  authorization_redirect_uri: 'https://app.example.com/callback',
};
const secret = 'a secret of more than 32 characters';
const https = { type: 'https', url: 'https://oxd.example.com:8443', version: '4.5' } as const;

function resolve(more: object, siteOptions: object = {}) {
  const transport = { ...https, ...more } as HttpsTransportOptions;
  return resolveOptions({ site: { ...site, ...siteOptions }, secret, transport });
}

function issuesOf(more: object, siteOptions?: object): readonly string[] {
  try {
    resolve(more, siteOptions);
    return [];
  } catch (error) {
    if (error instanceof OxdConfigurationError) return error.issues;
    throw error;
  }
}

describe('Options of the transport https', () => {
  it('have defaults', () => {
    expect(resolve({}).transport).toEqual({ ...https, connections: 8, timeout: 30_000 });
  });

  it('accept every option', () => {
    const all = { connections: 2, timeout: 5, ca: [ca], cert, key };
    expect(resolve(all).transport).toEqual({ ...https, ...all });
  });

  it.each(RELEASES.map((version) => ({ version })))('accept version $version', ({ version }) => {
    expect(issuesOf({ version })).toEqual([]);
  });

  it.each([
    { name: 'https with a path', url: 'https://gateway.example.com/oxd/' },
    { name: 'http on localhost', url: 'http://localhost:8080' },
    { name: 'http on a loopback address', url: 'http://[::1]:8080' },
  ])('accept a url: $name', ({ url }) => {
    expect(issuesOf({ url })).toEqual([]);
  });

  it.each([
    { name: 'http on another host', url: 'http://hidden.example.com' },
    { name: 'another scheme', url: 'tcp://127.0.0.1' },
    { name: 'a query', url: 'https://oxd.example.com/?hidden' },
    { name: 'an empty query', url: 'https://oxd.example.com/?' },
    { name: 'a fragment', url: 'https://oxd.example.com/#hidden' },
    { name: 'a user name', url: 'https://hidden@oxd.example.com' },
    { name: 'a password', url: 'https://:hidden@oxd.example.com' },
    { name: 'a host only', url: 'oxd.example.com' },
    { name: 'a list', url: ['https://oxd.example.com'] },
  ])('reject a url that is $name', ({ url }) => {
    const issues = issuesOf({ url });
    expect(issues).toEqual([expect.stringMatching(/^transport\.url: must be an https URL/)]);
    expect(issues.join()).not.toContain('hidden');
  });

  it('require url and version', () => {
    expect(issuesOf({ url: undefined, version: undefined })).toEqual([
      'transport.url: is missing',
      expect.stringMatching(/^transport\.version: must be one of 3\.1\.1, .*, 4\.5; /),
    ]);
  });

  it.each(['3.1.5', '3.1.8', '4.3', '4.4', '5.0', 4.5])(
    'reject version %s and name the version to use instead',
    (version) => {
      expect(issuesOf({ version })).toEqual([
        expect.stringContaining(
          'for 3.1.5 to 3.1.8 use 3.1.4, for 4.3 use 4.2, for 4.4 use 4.5',
        ) as string,
      ]);
    },
  );

  it.each([
    { name: 'cert without key', more: { cert }, issue: 'transport.key: is missing' },
    { name: 'key without cert', more: { key }, issue: 'transport.cert: is missing' },
    {
      name: 'a key of another certificate',
      more: { cert, key: file('key.pem').replace(/[A-Za-z]{8}/, 'AAAAAAAA') },
      issue: 'transport.key: must be the PEM key of transport.cert',
    },
    { name: 'a path as ca', more: { ca: '/etc/ca.pem' }, issue: 'transport.ca: must be a PEM' },
    { name: 'a path in ca', more: { ca: [ca, 'ca.pem'] }, issue: 'transport.ca: must be a PEM' },
    { name: 'a number as ca', more: { ca: 7 }, issue: 'transport.ca: must be a string' },
    {
      name: 'a damaged ca',
      more: { ca: DAMAGED },
      issue: 'transport.ca: has a damaged certificate',
    },
    {
      name: 'a ca whose end is missing',
      more: { ca: [ca, ca.slice(0, 200)] },
      issue: 'transport.ca: has a damaged certificate',
    },
    { name: 'zero connections', more: { connections: 0 }, issue: 'transport.connections: ' },
    { name: 'a timeout as text', more: { timeout: '10s' }, issue: 'transport.timeout: must be' },
    { name: 'an option of socket', more: { port: 1 }, issue: 'transport.port: is not an option' },
    {
      name: 'a switch for the verification',
      more: { rejectUnauthorized: false },
      issue: 'transport.rejectUnauthorized: is not an option',
    },
  ])('reject $name', ({ more, issue }) => {
    expect(issuesOf(more)).toEqual([expect.stringContaining(issue)]);
  });

  it.each([
    { name: 'a damaged certificate', given: DAMAGED, issue: 'has a damaged certificate' },
    { name: 'the path of a file', given: ['/etc/ca.pem'], issue: 'must be a PEM certificate' },
  ])('reject $name as ca of embedded', ({ given, issue }) => {
    const transport = { type: 'embedded', ca: given } as const;
    const options = { site, secret, transport };
    expect(() => resolveOptions(options)).toThrow(OxdConfigurationError);
    expect(() => resolveOptions(options)).toThrow(`transport.ca: ${issue}`);
    expect(() => resolveOptions({ ...options, transport: { ...transport, ca } })).not.toThrow();
  });

  it('accept a certificate with its key in one of several forms', () => {
    expect(issuesOf({ cert: cert + otherCert, key })).toEqual([]);
  });

  it.each([
    { version: '3.1.4', count: 1 },
    { version: '4.1', count: 1 },
    { version: '4.2', count: 0 },
    { version: '4.5', count: 0 },
  ])('report $count issues of site.op_configuration_endpoint on $version', ({ version, count }) => {
    const op_configuration_endpoint =
      'https://op.example.com/realm/.well-known/openid-configuration';
    const issues = issuesOf({ version }, { op_configuration_endpoint });
    expect(issues).toHaveLength(count);
    expect(issues.join()).toContain(count ? 'is not supported by oxd before 4.2' : '');
  });

  it('reject a client without secret, because oxd has no public clients', () => {
    const client = { client_id: 'c', client_token_endpoint_auth_method: 'none' };
    expect(issuesOf({}, client)).toEqual([expect.stringContaining('site.client_secret: ')]);
  });

  it('belong to oxd, which limits the time of a login', () => {
    const options = resolve({});
    expect(transportSide(options.transport)).toBe('oxd');
    expect(options.login.stateLifetime).toBe(300_000);
  });

  it('show no key when they are printed', () => {
    const options = resolve({ cert, key });
    const line = key.split('\n')[1] ?? '';
    expect(line.length).toBeGreaterThan(20);
    for (const text of [inspect(options, { depth: 9 }), JSON.stringify(options)]) {
      expect(text).toContain('<hidden>');
      expect(text).not.toContain(line);
    }
    expect(options.transport).toHaveProperty('key', key);
  });

  it.each(['user:hidden-1@', ':hidden-1@', 'hidden-1@'])(
    'show no user name and password of an invalid url when they are printed',
    (user) => {
      const url = `https://${user}oxd.example.com`;
      const options = printedModuleOptions({ site, transport: { ...https, url } });
      const printed = [inspect(options, { depth: 9 }), JSON.stringify(options)].join('');
      expect(printed).toContain('https://<hidden>@oxd.example.com');
      expect(printed).not.toContain('hidden-1');
    },
  );

  it('are not changed when they are resolved', () => {
    const given: OxdModuleOptions = { site, secret, transport: { ...https, ca: [ca] } };
    resolveOptions(given);
    expect(given.transport).toEqual({ ...https, ca: [ca] });
    expect(Object.isFrozen(given.transport)).toBe(false);
  });
});
