import { isStringList, objectOf, parseJson, withoutUndefined } from '../../lib/base/json.js';

describe('parseJson', () => {
  it('returns the value of JSON and undefined for another string', () => {
    expect(['{"a":1}', 'null', '', '{'].map(parseJson)).toEqual([
      { a: 1 },
      null,
      undefined,
      undefined,
    ]);
  });
});

describe('objectOf', () => {
  it('returns an object without its nulls', () => {
    expect(objectOf({ a: 1, b: null })).toEqual({ a: 1 });
  });

  it.each([null, undefined, 'a', 1, [[]]])('returns undefined for %p', (value) => {
    expect(objectOf(value)).toBeUndefined();
  });
});

describe('isStringList', () => {
  it('rejects a list with another item than strings', () => {
    expect([[], ['a'], ['a', 1], 'a'].map(isStringList)).toEqual([true, true, false, false]);
  });
});

describe('withoutUndefined', () => {
  it('drops undefined and null only', () => {
    expect(withoutUndefined({ a: undefined, b: null, c: 0, d: '', e: false })).toStrictEqual({
      c: 0,
      d: '',
      e: false,
    });
  });

  it('drops __proto__ instead of setting the prototype', () => {
    const copy = withoutUndefined(JSON.parse('{"__proto__":{"admin":true},"a":1}') as object);
    expect(copy).toStrictEqual({ a: 1 });
    expect('admin' in copy).toBe(false);
  });
});
