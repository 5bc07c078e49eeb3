/** oxd's texts, where a client may need them to tell two errors of one word apart. */
const GENERIC = 'Unknown internal server error occurs.';
const MALFORMED = 'Command parameters are not specified or otherwise malformed.';

/** A command that oxd-server answers with an error. */
export class WireRefusal extends Error {
  override readonly name = 'WireRefusal';

  /**
   * @param error oxd's word
   * @param closes whether the server closes the connection afterwards
   */
  constructor(
    readonly error: string,
    readonly text = error.replaceAll('_', ' '),
    readonly closes = false,
  ) {
    super(text);
  }
}

/** What oxd-server answers to whatever it did not expect; it closes the connection then. */
export function unexpected(): WireRefusal {
  return new WireRefusal('internal_error', GENERIC, true);
}

/** What oxd-server answers to params that are missing or of another JSON type. */
export function malformedParams(): WireRefusal {
  return new WireRefusal('internal_error', MALFORMED);
}

/** The text of a reply. */
export function okReply(data: object): string {
  return JSON.stringify({ status: 'ok', data });
}

/** The text of an error reply, its members in oxd's order. */
export function errorReply({ error, text }: WireRefusal): string {
  const data = { error, details: null, error_description: text };
  return JSON.stringify({ status: 'error', data });
}
