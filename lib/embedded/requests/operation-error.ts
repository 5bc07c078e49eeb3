/** Why a command is refused, in a word of oxd: becomes an `OxdCommandError` by `toCommandError`. */
export class OperationError extends Error {
  override readonly name = 'Refusal';

  /** @param error oxd's word, such as `bad_request` */
  constructor(
    readonly error: string,
    message: string,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}

/** The provider refused a request that this package made itself (client registration). */
export class ProviderResponseError extends Error {
  override readonly name = 'ProviderResponseError';

  constructor(
    readonly status: number,
    readonly error?: string,
    readonly error_description?: string,
  ) {
    super('The OpenID Provider refused the request.');
  }
}
