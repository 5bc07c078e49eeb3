import { jest } from '@jest/globals';
import {
  BrowserTransaction,
  type BrowserTransactionOptions,
} from '../../lib/transaction/browser-transaction.js';
import { JsonSeal } from '../../lib/transaction/json-seal.js';
import { MemoryStore } from '../../lib/store/oxd-store.js';
import { registerSecret } from '../support/secrets.js';

const secret = ['the first secret of 32 characters', 'the older secret of 32 characters'];
const lifetime = 300_000;
let now = 1_800_000_000_000;
const clock = () => now;

function transaction(options: Partial<BrowserTransactionOptions> = {}): BrowserTransaction {
  const store = new MemoryStore({ clock });
  return new BrowserTransaction({
    ...{ purpose: 'login', name: 'oxd', fingerprint: 'a site', secret, store },
    ...{ lifetime, secure: true, clock },
    ...options,
  });
}

const oxd_id = 'site-1';
const payload = (state: string) => ({ state, oxd_id, returnTo: 'https://app/' });

/** Takes a state in the module of site-1. */
function take(login: BrowserTransaction, state: string | undefined, header?: string) {
  return login.take(state, header, () => Promise.resolve(oxd_id));
}

/** Returns the Cookie header of a browser that got these Set-Cookie values. */
function jar(...cookies: string[]): string {
  return cookies
    .filter((cookie) => !cookie.includes('Max-Age=0'))
    .map((cookie) => cookie.split(';')[0] ?? '')
    .join('; ');
}

/** Begins a transaction; returns the Cookie header of the browser. */
async function begin(login: BrowserTransaction, state: string, header = ''): Promise<string> {
  const cookies = await login.begin(payload(state), header);
  cookies.forEach((cookie) => registerSecret(cookie.split(/[=;]/)[1] ?? ''));
  return jar(...cookies);
}

describe('a browser transaction', () => {
  it('is returned once to the browser that began it', async () => {
    const login = transaction();
    const header = await begin(login, 'state-1');
    const { transaction: taken, cookies } = await take(login, 'state-1', `other=1; ${header}`);
    expect(taken).toEqual(payload('state-1'));
    expect(cookies).toEqual([
      expect.stringMatching(/^__Host-oxd\.login\..+=; Path=\/; Max-Age=0;/),
    ]);
    await expect(take(login, 'state-1', header)).rejects.toMatchObject({
      code: 'OIDC_STATE_USED',
      cookies,
    });
  });

  it.each([
    { name: 'a no-break space', blank: '\u00a0' },
    { name: 'a byte order mark', blank: '\ufeff' },
    { name: 'a vertical tab', blank: '\v' },
  ])(
    'ignores a cookie with $name before __Host-, which browsers do not protect',
    async ({ blank }) => {
      const login = transaction();
      const header = await begin(login, 'state-1');
      await expect(take(login, 'state-1', `other=1; ${blank}${header}`)).rejects.toMatchObject({
        code: 'OIDC_STATE_MISSING',
      });
    },
  );

  it('is EXPIRED if its age is unknown', async () => {
    let time = now;
    const login = transaction({ clock: () => time });
    const header = await begin(login, 'state-1');
    time = NaN;
    await expect(take(login, 'state-1', header)).rejects.toMatchObject({
      code: 'OIDC_STATE_EXPIRED',
    });
  });

  it('is USED if another callback has deleted its record meanwhile', async () => {
    const store = new MemoryStore({ clock });
    const login = transaction({ store });
    const header = await begin(login, 'state-1');
    store.delete = async () => false;
    await expect(take(login, 'state-1', header)).rejects.toMatchObject({ code: 'OIDC_STATE_USED' });
  });

  it('is taken by one of many concurrent callbacks', async () => {
    const login = transaction();
    const header = await begin(login, 'state-1');
    const takes = await Promise.allSettled(
      Array.from({ length: 20 }, () => take(login, 'state-1', header)),
    );
    expect(takes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it.each([
    [
      true,
      /^__Host-oxd\.login\.\d+\.[\w-]{43}=[\w.-]+; Path=\/; Max-Age=900; HttpOnly; SameSite=Lax; Secure$/,
    ],
    [false, /^oxd\.login\.\d+\.[\w-]{43}=[\w.-]+; Path=\/; Max-Age=900; HttpOnly; SameSite=Lax$/],
  ])('has an encrypted cookie, secure: %s', async (secure, form) => {
    const [cookie = ''] = await transaction({ secure }).begin(payload('state-1'));
    expect(cookie).toMatch(form);
    expect(Buffer.from(cookie, 'base64url').toString('latin1')).not.toContain('state-1');
  });

  it('has a cookie whose size does not depend on returnTo', async () => {
    const sizes = ['/', `/${'a'.repeat(1023)}`].map(async (returnTo) => {
      const [cookie = ''] = await transaction().begin({ ...payload('state-1'), returnTo });
      return cookie.length;
    });
    const [short, long] = await Promise.all(sizes);
    expect(long).toBe(short);
    expect(long).toBeLessThan(400);
  });

  it('is MISSING for a callback without state or without a login cookie', async () => {
    const login = transaction();
    const header = await begin(login, 'state-1');
    const missing = { code: 'OIDC_STATE_MISSING' };
    await expect(take(login, undefined, header)).rejects.toMatchObject(missing);
    await expect(take(login, '', header)).rejects.toMatchObject(missing);
    await expect(take(login, 'state-1', undefined)).rejects.toMatchObject(missing);
    await expect(take(login, 'state-1', 'session=1')).rejects.toMatchObject({
      ...missing,
      message: expect.stringContaining('localhost and 127.0.0.1 share no cookies'),
    });
  });

  it('is UNKNOWN when no cookie of this browser decrypts to the state', async () => {
    const login = transaction();
    const mine = await begin(login, 'state-1');
    const others = await begin(login, 'state-2');
    const unknown = { code: 'OIDC_STATE_UNKNOWN' };
    await expect(take(login, 'state-2', mine)).rejects.toMatchObject(unknown);
    const [mineName = ''] = mine.split('=');
    const [, othersValue = ''] = others.split(/=(.*)/);
    await expect(take(login, 'state-1', `${mineName}=${othersValue}`)).rejects.toMatchObject(
      unknown,
    );
    await expect(take(login, 'state-1', `${mine.slice(0, -4)}AAAA`)).rejects.toMatchObject(unknown);
    await expect(take(login, 'state-1', mine)).resolves.toBeDefined();
  });

  it('is EXPIRED after its lifetime, although cookie and record still exist', async () => {
    const login = transaction();
    const header = await begin(login, 'state-1');
    now += lifetime;
    const late = await begin(login, 'state-2');
    now += 1;
    await expect(take(login, 'state-1', header)).rejects.toMatchObject({
      code: 'OIDC_STATE_EXPIRED',
      cookies: [expect.stringContaining('Max-Age=0')],
    });
    await expect(take(login, 'state-2', late)).resolves.toBeDefined();
  });

  it('is USED in another process with another store', async () => {
    const header = await begin(transaction(), 'state-1');
    await expect(take(transaction(), 'state-1', header)).rejects.toMatchObject({
      code: 'OIDC_STATE_USED',
    });
  });

  it('is finished by another replica that shares the store', async () => {
    const store = new MemoryStore({ clock });
    const header = await begin(transaction({ store }), 'state-1');
    await expect(take(transaction({ store }), 'state-1', header)).resolves.toBeDefined();
  });

  it('is found with every secret of the list, and not with a removed one', async () => {
    const store = new MemoryStore({ clock });
    const [newer = '', older = ''] = secret;
    const header = await begin(transaction({ store, secret: [older] }), 'state-1');
    await expect(
      take(transaction({ store, secret: [newer] }), 'state-1', header),
    ).rejects.toMatchObject({
      code: 'OIDC_STATE_UNKNOWN',
    });
    await expect(take(transaction({ store }), 'state-1', header)).resolves.toBeDefined();
  });

  describe('with more than five cookies', () => {
    const removedBy = async (login: BrowserTransaction, header: string) =>
      (await login.begin(payload('the next'), header))
        .slice(1)
        .map((cookie) => /^([^=]+)=; Path=\/; Max-Age=0;/.exec(cookie)?.[1]);

    /** Begins several transactions; returns their Cookie headers, oldest first. */
    async function several(login: BrowserTransaction, count: number): Promise<string[]> {
      const headers = [];
      for (let nth = 0; nth < count; nth++) {
        now += 1;
        headers.push(await begin(login, `state-${nth}`));
      }
      return headers;
    }

    it('removes the oldest cookies', async () => {
      const login = transaction();
      const headers = await several(login, 7);
      const oldest = headers.slice(0, 3).map((header) => header.split('=')[0]);
      expect(new Set(await removedBy(login, headers.join('; ')))).toEqual(new Set(oldest));
    });

    it('first removes cookies that do not decrypt', async () => {
      const [own, other] = [transaction(), transaction({ fingerprint: 'another site' })];
      const mine = await several(own, 3);
      const foreign = await several(other, 3);
      const removed = await removedBy(own, [...foreign, ...mine].join('; '));
      expect(removed).toHaveLength(2);
      const names = foreign.map((header) => header.split('=')[0]);
      expect(removed.filter((name) => !names.includes(name))).toEqual([]);
    });

    it('retains five cookies, also if they do not decrypt', async () => {
      const foreign = await several(transaction({ fingerprint: 'another site' }), 4);
      expect(await removedBy(transaction(), foreign.join('; '))).toEqual([]);
    });

    it('does not remove cookies of another name', async () => {
      const foreign = await several(transaction({ name: 'shop' }), 7);
      expect(await removedBy(transaction(), foreign.join('; '))).toEqual([]);
    });

    it('removes no cookie whose name could break the header', async () => {
      const odd = Array.from({ length: 7 }, (_, nth) => `__Host-oxd.login.${nth}\n, x=1`);
      expect(await removedBy(transaction(), odd.join('; '))).toEqual([]);
    });

    it('decrypts the newest by their names, wherever they are in the header', async () => {
      const login = transaction();
      const mine = await several(login, 3);
      const foreign = Array.from({ length: 40 }, (_, nth) => `__Host-oxd.login.${nth}.other=x`);
      const removed = await removedBy(login, [...foreign, ...mine].join('; '));
      expect(removed).toHaveLength(39);
      const names = mine.map((header) => header.split('=')[0]);
      expect(removed.filter((name) => names.includes(name))).toEqual([]);
    });

    it('decrypts at most 32 cookies', async () => {
      const open = jest.spyOn(JsonSeal.prototype, 'open');
      const many = Array.from({ length: 900 }, (_, nth) => `__Host-oxd.login.${nth}=x`);
      expect(await removedBy(transaction(), many.join('; '))).toHaveLength(896);
      expect(open).toHaveBeenCalledTimes(32);
      open.mockRestore();
    });
  });

  it('leaves at most 3 kB of cookies', async () => {
    const login = transaction();
    const header = await begin(login, 'state-1');
    const large = `__Host-oxd.login.large=${'x'.repeat(2700)}`;
    const [, ...removed] = await login.begin(payload('state-2'), `${large}; ${header}`);
    expect(removed).toEqual([expect.stringMatching(/^__Host-oxd\.login\.large=; /)]);
  });

  it('is not over when the store fails', async () => {
    const store = new MemoryStore({ clock });
    const login = transaction({ store });
    const header = await begin(login, 'state-1');
    const get = jest.spyOn(store, 'get').mockRejectedValueOnce(new Error('down'));
    await expect(take(login, 'state-1', header)).rejects.toThrow('down');
    get.mockRestore();
    await expect(take(login, 'state-1', header)).resolves.toBeDefined();
  });

  it('is EXPIRED after the site was registered again', async () => {
    const login = transaction();
    const header = await begin(login, 'state-1');
    await expect(login.take('state-1', header, async () => 'site-2')).rejects.toMatchObject({
      code: 'OIDC_STATE_EXPIRED',
      message: expect.stringContaining('replicas must share one store'),
      cookies: [expect.stringContaining('Max-Age=0')],
    });
  });

  it('is not over when the site of the module cannot be determined', async () => {
    const login = transaction();
    const header = await begin(login, 'state-1');
    const down = () => Promise.reject(new Error('down'));
    await expect(login.take('state-1', header, down)).rejects.toThrow('down');
    await expect(take(login, 'state-1', header)).resolves.toBeDefined();
  });

  describe('of another site', () => {
    const unknown = { code: 'OIDC_STATE_UNKNOWN' };
    const currentOxdId = jest.fn(async () => oxd_id);

    it('is UNKNOWN without reading the record, and its own module finishes it', async () => {
      const store = new MemoryStore({ clock });
      const [own, other] = [transaction({ store }), transaction({ store, fingerprint: 'another' })];
      const header = await begin(own, 'state-1');
      const [get, remove] = [jest.spyOn(store, 'get'), jest.spyOn(store, 'delete')];
      const rejected = await other.take('state-1', header, currentOxdId).catch((error) => error);
      expect(rejected).toMatchObject(unknown);
      expect(rejected.cookies).toBeUndefined();
      for (const spy of [get, remove, currentOxdId]) expect(spy).not.toHaveBeenCalled();
      await expect(take(own, 'state-1', header)).resolves.toBeDefined();
    });

    it('is UNKNOWN by the fingerprint of its record, which is not deleted', async () => {
      const store = new MemoryStore({ clock });
      const login = transaction({ store });
      const header = await begin(login, 'state-1');
      // Replaces the record by one of another site with the same state.
      await transaction({ store, fingerprint: 'another' }).begin(payload('state-1'));
      const remove = jest.spyOn(store, 'delete');
      const rejected = await login.take('state-1', header, currentOxdId).catch((error) => error);
      expect(rejected).toMatchObject(unknown);
      expect(rejected.cookies).toBeUndefined();
      for (const spy of [remove, currentOxdId]) expect(spy).not.toHaveBeenCalled();
    });
  });
});
