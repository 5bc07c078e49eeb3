import { randomBytes } from 'node:crypto';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Client } from '@modelcontextprotocol/client';
import { startSandbox, type Sandbox } from '../../lib/sandbox/sandbox.js';
import { freePort } from '../support/app.js';
import { Browser, passSandbox, textOf } from '../support/browser.js';
import { McpUser } from '../support/mcp-user.js';
import { registerSecret } from '../support/secrets.js';

let sandbox: Sandbox;
let app: NestExpressApplication | undefined;
let origin: string;
let variables: Readonly<Record<string, string>>;

beforeAll(async () => {
  sandbox = await startSandbox({
    ...{ port: 0, clientsFile: false, quiet: true, onSecret: registerSecret },
    scopes: ['albums:read', 'albums:write'],
  });
  const port = await freePort();
  origin = `http://localhost:${port}`;
  variables = {
    SESSION_SECRET: randomBytes(32).toString('base64url'),
    OXD_SECRET: randomBytes(32).toString('base64url'),
    OXD_OP_HOST: sandbox.issuer,
    OXD_TRANSPORT_ALLOW_INSECURE_REQUESTS: 'true',
    OXD_AUTHORIZATION_REDIRECT_URI: `${origin}/callback`,
    OXD_SCOPE: 'openid profile albums:read albums:write',
    OXD_LOGIN_USERINFO: 'false',
    OXD_BEARER_AUDIENCE: `${origin}/mcp`,
    OXD_BEARER_RESOURCE: `${origin}/mcp`,
    OXD_BEARER_SCOPES_SUPPORTED: 'albums:read',
  };
  Object.assign(process.env, variables);
  const { AppModule } = await import('../../sample/03-bearer-and-mcp/src/app.module.js');
  const { configure } = await import('../../sample/03-bearer-and-mcp/src/application.js');
  app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: ['error'] });
  configure(app);
  await app.listen(port, 'localhost');
}, 60_000);

afterAll(async () => {
  await app?.close();
  for (const name of Object.keys(variables)) delete process.env[name];
  await sandbox.close();
});

describe('the MCP server of sample 03', () => {
  const metadata = () => `resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`;
  const list = (client: Client) => client.callTool({ name: 'list_albums', arguments: {} });
  const add = (client: Client) =>
    client.callTool({ name: 'add_album', arguments: { title: 'Blue Train' } });

  it('leads a client that knows only its address to a login and to the result of a tool', async () => {
    const user = new McpUser(`${origin}/mcp`, 'zoe');
    const { content } = await user.run(list);
    const text = 'Albums for user-zoe: Kind of Blue, Hounds of Love, Homogenic';
    expect(content).toEqual([{ type: 'text', text }]);
    expect(user.challenges).toEqual([[401, expect.stringContaining(metadata())]]);
    expect(user.challenges[0]?.[1]).not.toContain('error=');
    expect(user.logins).toHaveLength(1);
    const params = Object.fromEntries(user.logins[0]?.searchParams ?? []);
    expect(params).toMatchObject({ resource: `${origin}/mcp`, scope: 'albums:read' });
  });

  it('demands all scopes of a tool at once, and the client requests them', async () => {
    const user = new McpUser(`${origin}/mcp`, 'amara');
    await user.run(list);
    const { content } = await user.run(add);
    expect(content).toEqual([{ type: 'text', text: 'user-amara added Blue Train.' }]);
    const [status, challenge] = user.challenges[1] ?? [];
    expect(status).toBe(403);
    expect(challenge).toContain('error="insufficient_scope"');
    expect(challenge).toContain('scope="albums:read albums:write"');
    expect(challenge).toContain(metadata());
    const scopes = user.logins.map(({ searchParams }) => searchParams.get('scope'));
    expect(scopes).toEqual(['albums:read', 'albums:read albums:write']);
  });

  it.each([
    { name: 'in a batch', body: [{ method: 'ping' }, { params: { name: 'add_album' } }] },
    { name: 'in another method', body: { method: 'tools/list', params: { name: 'add_album' } } },
  ])('demands the scopes of a tool that is named $name', async ({ body }) => {
    const user = new McpUser(`${origin}/mcp`, 'zoe');
    await user.run(list);
    const response = await fetch(`${origin}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${user.tokens()?.access_token}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(403);
  });

  it.each(['GET', 'POST', 'DELETE'])('demands a token for %s', async (method) => {
    const response = await fetch(`${origin}/mcp`, { method });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain(metadata());
  });
});

describe('the page of sample 03', () => {
  it.each([
    { user: 'zoe', step: 'nobody', login: '', result: 'the API demands a token' },
    { user: 'zoe', step: 'mcp', login: '', result: 'Now the client knows where to log in' },
    { user: 'amara', step: 'read', login: '', result: 'The token has the scope.' },
    { user: 'zoe', step: 'add', login: '', result: 'you allowed this application to read only' },
    { user: 'amara', step: 'add', login: '&write', result: 'you have neither role' },
    { user: 'eleni', step: 'add', login: '&write', result: 'Added: the token has the scope' },
    { user: 'eleni', step: 'remove', login: '&write', result: 'you are no admin' },
    { user: 'zoe', step: 'remove', login: '&write', result: 'the password is not enough' },
    { user: 'zoe', step: 'remove', login: '&write&strong', result: 'Removed.' },
  ])('explains the result of "$step" to $user after a login with "$login"', async (row) => {
    const browser = new Browser();
    const login = `${origin}/login?returnTo=/${row.login}`;
    await passSandbox(browser, login, { username: row.user });
    const page = await browser.request(`${origin}/try/${row.step}`, { method: 'POST' });
    const [, result = ''] = /<p class="result" role="status">([^]*?)<\/p>/.exec(page.html) ?? [];
    expect(textOf(result)).toContain(row.result);
    expect(page.html).not.toMatch(/Bearer [\w-]{20}/);
  });

  it('offers a login where a token is needed', async () => {
    const browser = new Browser();
    const page = await browser.request(origin);
    expect(page.html).toContain('href="/login?returnTo=/%23read"');
    const { location } = await browser.request(`${origin}/try/read`, { method: 'POST' });
    expect(location).toBe(`${origin}/#read`);
  });

  it('shows the claims of the token, and no token', async () => {
    const browser = new Browser();
    const page = await passSandbox(browser, `${origin}/login?returnTo=/`);
    expect(page.html).toContain(`&#34;aud&#34;: &#34;${origin}/mcp&#34;`);
    expect(page.html).not.toContain('eyJ');
  });
});
