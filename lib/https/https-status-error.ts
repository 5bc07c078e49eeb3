/** Status of an HTTP response that reports a failure: the cause of the error of its command. */
export class HttpsStatusError extends Error {
  override readonly name = 'HttpsStatusError';

  /** @param status status code of the response, whose body is not part of the message */
  constructor(readonly status: number) {
    super(`HTTP status ${status}`);
  }
}
