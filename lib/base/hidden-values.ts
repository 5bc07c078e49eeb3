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
  return values.reduce(
    (rest, value) =>
      value.length < MIN_LENGTH ? inferWithoutCode(rest, value) : rest.replaceAll(value, HIDDEN),
    text,
  );
}

function inferWithoutCode(text: string, word: string): string {
  const [first = '', ...others] = text.split(word);
  let before = first;
  const rest = others.map((after) => {
    const isPart = isWordCharacter(before.at(-1)) || isWordCharacter(after.at(0));
    before = after;
    return `${isPart ? word : HIDDEN}${after}`;
  });
  return [first, ...rest].join('');
}

function isWordCharacter(character: string | undefined): boolean {
  return character !== undefined && /\w/.test(character);
}
