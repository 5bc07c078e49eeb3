/**
 * Failure of a command with an error code of oxd; `toCommandError` makes an `OxdCommandError` of
 * it.
 */
export class OperationError extends Error {
  override readonly name = 'OperationError';

  /** @param error error code of oxd, such as `bad_request` */
  constructor(
    readonly error: string,
    message: string,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}

/**
 * Error response to a request that this package sends without openid-client, such as a
 * registration.
 */
export class ProviderResponseError extends Error {
  override readonly name = 'ProviderResponseError';

  constructor(
    readonly status: number,
    readonly error?: string,
    readonly error_description?: string,
  ) {
    super('The OpenID Provider rejected the request.');
  }
}
