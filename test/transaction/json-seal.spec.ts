import { JsonSeal } from '../../lib/transaction/json-seal.js';

const SECRET = 'a secret of the tests with 32 characters';

describe('a sealed value', () => {
  it('opens with the same secret and purpose', async () => {
    const value = await new JsonSeal([SECRET], 'purpose').seal({ a: 1 });
    expect(await new JsonSeal(['another secret', SECRET], 'purpose').open(value)).toEqual({ a: 1 });
    expect(await new JsonSeal([SECRET], 'other purpose').open(value)).toBeUndefined();
  });

  it('is not decrypted above the length limit', async () => {
    const value = await new JsonSeal([SECRET], 'purpose').seal({ a: 1 });
    const open = (limit: number) => new JsonSeal([SECRET], 'purpose', limit).open(value);
    expect(await open(value.length)).toEqual({ a: 1 });
    expect(await open(value.length - 1)).toBeUndefined();
  });
});
