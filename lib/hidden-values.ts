/** Shorter values are only hidden as whole words: they occur within error codes. */
const MIN_LENGTH = 8;

const HIDDEN = '…';

/**
 * Hides values in foreign text, in linear time.
 *
 * @param values longest first, if one may contain another
 * @internal
 */
export function withoutValues(text: string, values: readonly string[]): string {
  return values.reduce((rest, value) => {
    if (value.length >= MIN_LENGTH) return rest.replaceAll(value, HIDDEN);
    const literal = value.replace(/[^\w]/g, '\\$&');
    return rest.replace(new RegExp(`(?<!\\w)${literal}(?!\\w)`, 'g'), HIDDEN);
  }, text);
}
