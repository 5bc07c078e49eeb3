import { jest } from '@jest/globals';
import { BrowserTransaction, type BrowserTransactionOptions } from '../lib/browser-transaction.js';
import { MemoryStore } from '../lib/store.js';
import { registerSecret } from './support/secrets.js';

const secret = ['the first secret of 32 characters', 'the older secret of 32 characters'];
const lifetime = 300_000;
let now = 1_800_000_000_000;
const clock = () => now;

function transaction(options: Partial<BrowserTransactionOptions> = {}): BrowserTransaction {
  const store = new MemoryStore({ clock });
  return new BrowserTransaction({
    ...{ purpose: 'login', secret, store, lifetime, secure: true, clock },
    ...options,
  });
}

const payload = (state: string) => ({ state, oxd_id: 'site-1', returnTo: 'https://app/' });

/** The Cookie header of a browser that got these Set-Cookie values. */
function jar(...cookies: string[]): string {
  return cookies
    .filter((cookie) => !cookie.includes('Max-Age=0'))
    .map((cookie) => cookie.split(';')[0] ?? '')
    .join('; ');
}

async function begun(login: BrowserTransaction, state: string, header = ''): Promise<string> {
  const cookies = await login.begin(payload(state), header);
  cookies.forEach((cookie) => registerSecret(cookie.split(/[=;]/)[1] ?? ''));
  return jar(...cookies);
}

describe('a browser transaction', () => {
  it('gives back, once, what this browser began', async () => {
    const login = transaction();
    const header = await begun(login, 'state-1');
    const { payload: taken, cookies } = await login.take('state-1', `other=1; ${header}`);
    expect(taken).toMatchObject(payload('state-1'));
    expect(cookies).toEqual([
      expect.stringMatching(/^__Host-oxd\.login\..+=; Path=\/; Max-Age=0;/),
    ]);
    await expect(login.take('state-1', header)).rejects.toMatchObject({
      code: 'OIDC_STATE_USED',
      cookies,
    });
  });

  it.each([
    ['a no-break space', '\u00a0'],
    ['a byte order mark', '\ufeff'],
    ['a vertical tab', '\v'],
  ])(
    'does not open a cookie that %s before its name kept a browser from protecting',
    async (_, blank) => {
      const login = transaction();
      const header = await begun(login, 'state-1');
      await expect(login.take('state-1', `other=1; ${blank}${header}`)).rejects.toMatchObject({
        code: 'OIDC_STATE_MISSING',
      });
    },
  );

  it('is taken by one of many callbacks at once', async () => {
    const login = transaction();
    const header = await begun(login, 'state-1');
    const takes = await Promise.allSettled(
      Array.from({ length: 20 }, () => login.take('state-1', header)),
    );
    expect(takes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it.each([
    [
      true,
      /^__Host-oxd\.login\.\d+\.[\w-]{43}=[\w.-]+; Path=\/; Max-Age=900; HttpOnly; SameSite=Lax; Secure$/,
    ],
    [false, /^oxd\.login\.\d+\.[\w-]{43}=[\w.-]+; Path=\/; Max-Age=900; HttpOnly; SameSite=Lax$/],
  ])('seals a cookie for an address that is secure: %s', async (secure, form) => {
    const [cookie = ''] = await transaction({ secure }).begin(payload('state-1'));
    expect(cookie).toMatch(form);
    expect(Buffer.from(cookie, 'base64url').toString('latin1')).not.toContain('state-1');
  });

  it('keeps a long returnTo within the size of a cookie', async () => {
    const returnTo = `https://app.example.com/${'a'.repeat(1023)}`;
    const [cookie = ''] = await transaction().begin({ ...payload('s'.repeat(64)), returnTo });
    expect(cookie.length).toBeLessThan(4096);
  });

  it('refuses a callback without state or without any login cookie as MISSING', async () => {
    const login = transaction();
    const header = await begun(login, 'state-1');
    const missing = { code: 'OIDC_STATE_MISSING' };
    await expect(login.take(undefined, header)).rejects.toMatchObject(missing);
    await expect(login.take('', header)).rejects.toMatchObject(missing);
    await expect(login.take('state-1', undefined)).rejects.toMatchObject(missing);
    await expect(login.take('state-1', 'session=1')).rejects.toMatchObject({
      ...missing,
      message: expect.stringContaining('localhost and 127.0.0.1 share no cookies'),
    });
  });

  it('refuses as UNKNOWN what no cookie of this browser opens for', async () => {
    const login = transaction();
    const mine = await begun(login, 'state-1');
    const others = await begun(login, 'state-2');
    const unknown = { code: 'OIDC_STATE_UNKNOWN' };
    await expect(login.take('state-2', mine)).rejects.toMatchObject(unknown);
    const [mineName = ''] = mine.split('=');
    const [, othersValue = ''] = others.split(/=(.*)/);
    await expect(login.take('state-1', `${mineName}=${othersValue}`)).rejects.toMatchObject(
      unknown,
    );
    await expect(login.take('state-1', `${mine.slice(0, -4)}AAAA`)).rejects.toMatchObject(unknown);
    await expect(login.take('state-1', mine)).resolves.toBeDefined();
  });

  it('is EXPIRED by its own time, though cookie and record are still there', async () => {
    const login = transaction();
    const header = await begun(login, 'state-1');
    now += lifetime;
    const late = await begun(login, 'state-2');
    now += 1;
    await expect(login.take('state-1', header)).rejects.toMatchObject({
      code: 'OIDC_STATE_EXPIRED',
      cookies: [expect.stringContaining('Max-Age=0')],
    });
    await expect(login.take('state-2', late)).resolves.toBeDefined();
  });

  it('is USED where another process with another store answers', async () => {
    const header = await begun(transaction(), 'state-1');
    await expect(transaction().take('state-1', header)).rejects.toMatchObject({
      code: 'OIDC_STATE_USED',
    });
  });

  it('is finished by another replica that shares the store', async () => {
    const store = new MemoryStore({ clock });
    const header = await begun(transaction({ store }), 'state-1');
    await expect(transaction({ store }).take('state-1', header)).resolves.toBeDefined();
  });

  it('opens with every secret of the list, and with none that was removed', async () => {
    const store = new MemoryStore({ clock });
    const [newer = '', older = ''] = secret;
    const header = await begun(transaction({ store, secret: [older] }), 'state-1');
    await expect(
      transaction({ store, secret: [newer] }).take('state-1', header),
    ).rejects.toMatchObject({
      code: 'OIDC_STATE_UNKNOWN',
    });
    await expect(transaction({ store }).take('state-1', header)).resolves.toBeDefined();
  });

  it('removes the oldest of more than five cookies, and leaves alone what it cannot open', async () => {
    const login = transaction();
    let header = await begun(
      transaction({ secret: ['another application on the same host'] }),
      'x',
    );
    for (const state of ['1', '2', '3', '4', '5']) {
      now += 1;
      header = `${header}; ${await begun(login, state, header)}`;
    }
    const removed = (await login.begin(payload('6'), header)).slice(1);
    expect(removed).toHaveLength(1);
    expect(removed[0]).toMatch(/^__Host-oxd\.login\.\d+\.[\w-]+=; Path=\/; Max-Age=0/);
    const oldest = header.split('; ')[1]?.split('=')[0];
    expect(removed[0]?.split('=')[0]).toBe(oldest);
  });

  it('is not over when the store fails, and takes the record of its own site only', async () => {
    const store = new MemoryStore({ clock });
    const login = transaction({ store });
    const header = await begun(login, 'state-1');
    const get = jest.spyOn(store, 'get').mockRejectedValueOnce(new Error('down'));
    await expect(login.take('state-1', header)).rejects.toThrow('down');
    get.mockResolvedValueOnce({ oxd_id: 'site-2' });
    await expect(login.take('state-1', header)).rejects.toMatchObject({ code: 'OIDC_STATE_USED' });
    get.mockRestore();
    await expect(login.take('state-1', header)).resolves.toBeDefined();
  });
});
