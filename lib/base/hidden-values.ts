/** Values below this length are hidden only as whole words: they also occur within error codes. */
const MIN_LENGTH = 8;

const MASK = '…';

/**
 * Replaces values in a string of a server by a mask, in linear time.
 *
 * @param values sorted by length, longest first, if one may contain another
 * @internal
 */
export function withoutValues(text: string, values: readonly string[]): string {
  return values.reduce(
    (rest, value) =>
      value.length < MIN_LENGTH ? maskWholeWords(rest, value) : rest.replaceAll(value, MASK),
    text,
  );
}

function maskWholeWords(text: string, word: string): string {
  const [first = '', ...others] = text.split(word);
  let before = first;
  const rest = others.map((after) => {
    const isPart = isWordCharacter(before.at(-1)) || isWordCharacter(after.at(0));
    before = after;
    return `${isPart ? word : MASK}${after}`;
  });
  return [first, ...rest].join('');
}

function isWordCharacter(character: string | undefined): boolean {
  return character !== undefined && /\w/.test(character);
}
