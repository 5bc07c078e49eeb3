import {
  bearerChallenge,
  challengeParts,
  type BearerChallenge,
  type ChallengeOptions,
} from '../../lib/http/bearer-challenge.js';
import { resourceMetadataUrl } from '../../lib/http/resource-metadata-url.js';

const baseUrl = 'https://api.example.com:8443/app';
const resource = 'https://api.example.com:8443/mcp';
const metadata =
  'resource_metadata="https://api.example.com:8443/.well-known/oauth-protected-resource/mcp"';

function challengeWith(options: ChallengeOptions, denial?: BearerChallenge): string {
  return bearerChallenge(challengeParts(options), denial);
}

describe('bearerChallenge', () => {
  it('has only the realm without a token, because the client made no error', () => {
    expect(challengeWith({ baseUrl })).toBe('Bearer realm="api.example.com:8443"');
    expect(challengeWith({ baseUrl }, { scope: 'read' })).toBe(
      'Bearer realm="api.example.com:8443"',
    );
  });

  it('names metadata and scopes, but no error, without a token if bearer.resource is set', () => {
    expect(challengeWith({ baseUrl, bearer: { resource } }, { scope: ['read', 'write'] })).toBe(
      `Bearer realm="api.example.com:8443", scope="read write", ${metadata}`,
    );
  });

  it('names the error, its description and the scopes that the request needs', () => {
    const error = 'insufficient_scope';
    const denial = { error, error_description: 'A scope is missing.', scope: 'a b' } as const;
    expect(challengeWith({ baseUrl }, denial)).toBe(
      'Bearer realm="api.example.com:8443", error="insufficient_scope", ' +
        'error_description="A scope is missing.", scope="a b"',
    );
  });

  it('names acr_values and max_age of a step-up, max_age 0 included', () => {
    const error = 'insufficient_user_authentication';
    const denial = { error, acr_values: ['urn:gold', 'urn:silver'], max_age: 0 } as const;
    expect(challengeWith({ baseUrl, bearer: { resource } }, denial)).toBe(
      'Bearer realm="api.example.com:8443", error="insufficient_user_authentication", ' +
        `acr_values="urn:gold urn:silver", max_age="0", ${metadata}`,
    );
  });

  it.each([
    { name: 'a further header', value: 'x\r\nSet-Cookie: a=b' },
    { name: 'a line feed', value: 'x\ny' },
    { name: 'a null character', value: 'x\0y' },
    { name: 'a delete character', value: 'x\x7fy' },
    { name: 'a tab', value: 'x\ty' },
    { name: 'a letter outside ASCII', value: 'xéy' },
    { name: 'a Unicode line separator', value: 'x\u2028y' },
    { name: 'a quote', value: 'x", error="y' },
    { name: 'a backslash', value: 'x\\' },
    { name: 'no character', value: '' },
  ])('omits a parameter with $name and keeps the others', ({ value }) => {
    for (const parameter of ['error_description', 'scope', 'acr_values'] as const) {
      const denial = { error: 'invalid_token', [parameter]: value } as const;
      expect(challengeWith({ baseUrl }, denial)).toBe(
        'Bearer realm="api.example.com:8443", error="invalid_token"',
      );
    }
  });

  it('omits empty lists', () => {
    expect(challengeWith({ baseUrl, bearer: { resource } }, { scope: [], acr_values: [] })).toBe(
      `Bearer realm="api.example.com:8443", ${metadata}`,
    );
  });

  it('quotes a metadata URL whose query has a backslash', () => {
    const bearer = { resource: String.raw`https://api.example.com/?a=\b` };
    expect(challengeWith({ baseUrl, bearer })).toContain(
      String.raw`resource_metadata="https://api.example.com/.well-known/oauth-protected-resource?a=\\b"`,
    );
  });
});

describe('resourceMetadataUrl', () => {
  const root = 'https://api.example.com/.well-known/oauth-protected-resource';

  it.each([
    { name: 'a host', resource: 'https://api.example.com', url: root },
    { name: 'a host and a slash', resource: 'https://api.example.com/', url: root },
    { name: 'a path', resource: 'https://api.example.com/mcp', url: `${root}/mcp` },
    { name: 'a path and a slash', resource: 'https://api.example.com/mcp/', url: `${root}/mcp/` },
    { name: 'a query', resource: 'https://api.example.com?k=v', url: `${root}?k=v` },
    { name: 'path and query', resource: 'https://api.example.com/a/b?k=v', url: `${root}/a/b?k=v` },
    { name: 'a host in upper case', resource: 'https://API.example.com/M', url: `${root}/M` },
    {
      name: 'a loopback host with a port',
      resource: 'http://127.0.0.1:3000/mcp',
      url: 'http://127.0.0.1:3000/.well-known/oauth-protected-resource/mcp',
    },
  ])('puts the well-known path between host and path of $name', ({ resource: of, url }) => {
    expect(resourceMetadataUrl(of)).toBe(url);
  });
});
