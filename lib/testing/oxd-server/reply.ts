/** oxd's texts, where a client may need them to tell two errors of one word apart. */
const GENERIC = 'Unknown internal server error occurs.';
const MALFORMED = 'Command parameters are not specified or otherwise malformed.';
const NO_RPT = 'Failed to get RPT.';

/** A command that oxd-server answers with an error. */
export class WireRefusal extends Error {
  override readonly name = 'WireRefusal';

  /** Whether the server closes the connection afterwards. */
  readonly closes: boolean;
  /** Further members of a refusal of the authorization server. */
  readonly details: object | null;

  /** @param error oxd's word */
  constructor(
    readonly error: string,
    readonly text = error.replaceAll('_', ' '),
    { closes = false, details = null }: { closes?: boolean; details?: object | null } = {},
  ) {
    super(text);
    this.closes = closes;
    this.details = details;
  }
}

/** What oxd-server answers to whatever it did not expect; it closes the connection then. */
export function unexpected(): WireRefusal {
  return new WireRefusal('internal_error', GENERIC, { closes: true });
}

/** What oxd-server answers to params that are missing or of another JSON type. */
export function malformedParams(): WireRefusal {
  return new WireRefusal('internal_error', MALFORMED);
}

/** What oxd-server answers where it was given an RPT that is not active. */
export function inactiveRpt(): WireRefusal {
  return new WireRefusal('internal_error', NO_RPT);
}

/** The text of a reply. */
export function okReply(data: object): string {
  return JSON.stringify({ status: 'ok', data });
}

/** The text of an error reply, its members in oxd's order. */
export function errorReply({ error, text, details }: WireRefusal): string {
  const data = { error, details, error_description: text };
  return JSON.stringify({ status: 'error', data });
}
