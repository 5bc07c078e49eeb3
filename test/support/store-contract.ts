import type { OxdStore } from '../../lib/store/oxd-store.js';

/** Contract of every store. */
export function itKeepsTheContract(open: () => Promise<OxdStore> | OxdStore): void {
  describe('a store', () => {
    let store: OxdStore;

    beforeEach(async () => {
      store = await open();
    });

    it('returns undefined for a missing key', async () => {
      expect(await store.get('missing')).toBeUndefined();
    });

    it.each([
      ['an object', { oxd_id: 'a', scope: ['openid'], nested: { deep: [1, null, 'ü𝄞'] } }],
      ['a string', 'text'],
      ['an empty string', ''],
      ['zero', 0],
      ['false', false],
      ['a list', [1, 2]],
    ])('returns %s as stored', async (_, value) => {
      await store.set('key', value);
      expect(await store.get('key')).toEqual(value);
      await store.set('passing', value, 60_000);
      expect(await store.get('passing')).toEqual(value);
    });

    it.each(['__proto__', 'constructor', 'site:https://op.example.com/|ü', 'a b\n'])(
      'accepts the key %s',
      async (key) => {
        expect(await store.get(key)).toBeUndefined();
        await store.set(key, { key });
        expect(await store.get(key)).toEqual({ key });
        expect(await store.delete(key)).toBe(true);
      },
    );

    it('keeps the last of two values', async () => {
      await store.set('key', 1);
      await store.set('key', 2, 60_000);
      expect(await store.get('key')).toBe(2);
      await store.set('key', 3);
      expect(await store.get('key')).toBe(3);
      expect(await store.delete('key')).toBe(true);
      expect(await store.get('key')).toBeUndefined();
    });

    it('is not changed by what callers do with a value', async () => {
      const value = { list: [1] };
      await store.set('key', value);
      value.list.push(2);
      const read = (await store.get('key')) as typeof value;
      read.list.push(3);
      expect(await store.get('key')).toEqual({ list: [1] });
    });

    it.each([undefined, 60_000])('has one winner among 20 that delete (ttl %s)', async (ttl) => {
      await store.set('key', 'value', ttl);
      const answers = await Promise.all(Array.from({ length: 20 }, () => store.delete('key')));
      expect(answers.filter(Boolean)).toEqual([true]);
      expect(await store.get('key')).toBeUndefined();
    });

    it('returns false when it deletes a missing key', async () => {
      expect(await store.delete('missing')).toBe(false);
    });
  });
}

/** Additional contract of a store with `add`. */
export function itAddsOnce(open: () => Promise<OxdStore> | OxdStore): void {
  describe('a store with add', () => {
    it('keeps the value of one winner among 20 that add', async () => {
      const store = await open();
      const answers = await Promise.all(
        Array.from({ length: 20 }, async (_, index) => store.add?.('lock', index, 60_000)),
      );
      expect(answers.filter(Boolean)).toEqual([true]);
      expect(await store.get('lock')).toBe(answers.indexOf(true));
    });

    it('adds nothing over a value that stays', async () => {
      const store = await open();
      await store.set('key', 'kept');
      expect(await store.add?.('key', 'added', 60_000)).toBe(false);
      expect(await store.get('key')).toBe('kept');
    });

    it('adds again once the value is deleted', async () => {
      const store = await open();
      expect(await store.add?.('lock', 1, 60_000)).toBe(true);
      expect(await store.delete('lock')).toBe(true);
      expect(await store.add?.('lock', 2, 60_000)).toBe(true);
    });
  });
}
