const issued = new Set<string>();

/**
 * Registers a value that must never be printed. Servers and fakes call it for every issued secret.
 * Ignores values of less than 8 characters, which could occur by chance.
 */
export function registerSecret(value: string): void {
  if (value.length >= 8) issued.add(value);
}

/** Parameters of a query or a fragment that are credentials. */
const CREDENTIALS = `code state nonce id_token id_token_hint access_token refresh_token ticket pct
  session_state code_challenge code_verifier logout_token`.split(/\s+/);

/** Registers the credentials in the URL of a redirect. */
export function registerCredentialsIn(url: string): void {
  const { searchParams, hash } = new URL(url);
  for (const params of [searchParams, new URLSearchParams(hash.slice(1))]) {
    for (const name of CREDENTIALS) params.getAll(name).forEach(registerSecret);
  }
}

/** Registered values found in `output`: plain, percent-encoded, escaped or in base64. */
export function secretsIn(output: string): string[] {
  if (output === '') return [];
  const readings = readingsOf(output);
  return [...issued].filter((value) => readings.some((text) => text.includes(value)));
}

/** Describes which channels contain secrets, without the secrets; undefined if none does. */
export function describeLeaks(printed: readonly (readonly [string, string])[]): string | undefined {
  const leaked = secretsIn(printed.map(([, text]) => text).join(''));
  if (leaked.length === 0) return undefined;
  const kinds = leaked.map(kindOf);
  const counts = [...new Set(kinds)].map(
    (kind) => `${kinds.filter((other) => other === kind).length} × ${kind}`,
  );
  const places = printed.filter(([, text]) => secretsIn(text).length > 0).map(([where]) => where);
  return `This file printed registered secrets (${counts.join(', ')}):\n${places.join('\n')}`;
}

function kindOf(value: string): string {
  const kind = value.startsWith('eyJ') && value.includes('.') ? 'JWT' : 'value';
  return `${kind} of ${value.length} characters`;
}

function readingsOf(output: string): string[] {
  const once = percentDecoded(output);
  const plain = [output, once, percentDecoded(once)].flatMap((text) => [text, unescaped(text)]);
  return [...new Set([...plain, ...plain.map(base64Decoded)])];
}

function percentDecoded(text: string): string {
  return text.replace(/(%[0-9a-f]{2})+/gi, (run) =>
    Buffer.from(run.replaceAll('%', ''), 'hex').toString(),
  );
}

/** Undoes the escapes of JSON, of `util.inspect` and of JSON within JSON. */
function unescaped(text: string): string {
  const short: Record<string, string> = { n: '\n', r: '\r', t: '\t' };
  return text
    .replace(/\\+u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    .replace(/\\+(.)/g, (_, char: string) => short[char] ?? char);
}

/** Decodes every run that may be base64, from each possible start of a group of four. */
function base64Decoded(text: string): string {
  const runs = text.match(/[\w+/-]{11,}/g) ?? [];
  return runs
    .flatMap((run) => [0, 1, 2, 3].map((from) => Buffer.from(run.slice(from), 'base64').toString()))
    .join('\n');
}
