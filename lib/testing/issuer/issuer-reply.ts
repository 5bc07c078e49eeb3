/** Response of an endpoint. */
export interface IssuerReply {
  readonly status: number;
  /** JSON of the body; undefined for an empty body. */
  readonly json?: unknown;
}

/** Returns a successful response. */
export function ok(json: unknown): IssuerReply {
  return { status: 200, json };
}

/** Returns an error response (RFC 6749 §5.2). */
export function failure(status: number, error: string, error_description?: string): IssuerReply {
  return { status, json: { error, error_description } };
}
