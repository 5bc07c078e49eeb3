/** Parameters of a challenge by name; undefined ones are omitted. */
export type ChallengeParameters = Readonly<Record<string, string | undefined>>;

/** Visible ASCII and blanks: other characters could end the header or begin another. */
const PRINTABLE = /^[ -~]+$/;

/** True if a parameter of a challenge can have the value: printable ASCII, not empty. */
export function isChallengeValue(value: string | undefined): value is string {
  return value !== undefined && PRINTABLE.test(value);
}

/**
 * Builds the value of a `WWW-Authenticate` header, each value as a quoted string. Omits a parameter
 * whose value is no {@link isChallengeValue}, so that no value adds a header.
 *
 * @see RFC 7235 §2.1
 */
export function challengeHeader(scheme: string, parameters: ChallengeParameters): string {
  let header = scheme;
  let separator = ' ';
  for (const [name, value] of Object.entries(parameters)) {
    if (!isChallengeValue(value)) continue;
    header += `${separator}${name}="${escaped(value)}"`;
    separator = ', ';
  }
  return header;
}

function escaped(value: string): string {
  return value.replace(/["\\]/g, '\\$&');
}
