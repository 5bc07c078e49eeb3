import { isKnownErrorCode } from './error-codes.js';

/** Values below this length are hidden only as whole words: they also occur within error codes. */
const MIN_LENGTH = 8;

/** Longest error code; a longer word is none. */
const MAX_CODE_LENGTH = 64;

const MASK = '…';

/**
 * Replaces values in a string of a server by a mask, in linear time. Known error codes stay, also when
 * a value equals one or is a part of one.
 *
 * @param values sorted by length, longest first, if one may contain another
 * @internal
 */
export function withoutValues(text: string, values: readonly string[]): string {
  return values.reduce(masked, text);
}

function masked(text: string, value: string): string {
  const [first = '', ...others] = text.split(value);
  let before = first;
  const rest = others.map((after) => {
    const shown = isShown(value, before, after) ? value : MASK;
    before = after;
    return `${shown}${after}`;
  });
  return [first, ...rest].join('');
}

function isShown(value: string, before: string, after: string): boolean {
  const start = before.slice(-MAX_CODE_LENGTH).split(/\W/).at(-1) ?? '';
  const end = after.slice(0, MAX_CODE_LENGTH).split(/\W/).at(0) ?? '';
  const isPart = start !== '' || end !== '';
  return (isPart && value.length < MIN_LENGTH) || isKnownErrorCode(`${start}${value}${end}`);
}
