import { OpaqueTokens } from '../../../lib/sandbox/uma/opaque-tokens.js';
import { MemoryStore } from '../../../lib/store/oxd-store.js';
import { registerSecret } from '../../support/secrets.js';

/** Records every stored key and value. */
class RecordingStore extends MemoryStore {
  readonly stored: string[] = [];

  override set(key: string, value: unknown, ttl?: number): Promise<void> {
    this.stored.push(key, JSON.stringify(value));
    return super.set(key, value, ttl);
  }
}

let now = 0;
const store = new RecordingStore({ clock: () => now });
const options = { store, kind: 'Ticket', lifetime: 1000, onSecret: registerSecret };
const tickets = new OpaqueTokens<string>(options);

it('is taken by exactly one of 20 at the same moment', async () => {
  const ticket = await tickets.issue('what it stands for');
  const taken = await Promise.all(Array.from({ length: 20 }, () => tickets.take(ticket)));
  expect(taken.filter((value) => value !== undefined)).toEqual(['what it stands for']);
});

it('has 256 bits, and is never in the store itself', async () => {
  const ticket = await tickets.issue('what it stands for');
  expect(Buffer.from(ticket, 'base64url')).toHaveLength(32);
  expect(store.stored.join()).not.toContain(ticket);
});

it('ends with its lifetime', async () => {
  const ticket = await tickets.issue('what it stands for');
  now += 999;
  expect(await tickets.find(ticket)).toBe('what it stands for');
  now += 1;
  expect(await tickets.take(ticket)).toBeUndefined();
});

it('of one kind is none of another', async () => {
  const ticket = await tickets.issue('what it stands for');
  expect(await new OpaqueTokens<string>({ ...options, kind: 'Pct' }).find(ticket)).toBeUndefined();
});
