import type { Context } from '../provider/oidc-provider.js';

/** Response of an endpoint. */
export interface OAuthResponse {
  readonly status: number;
  /** JSON value; undefined for an empty body. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Error response with an error code of UMA or OAuth 2.0. */
export class OAuthError extends Error {
  readonly headers: Record<string, string> = {};

  /** @param description for developers; omitted from the body if absent */
  constructor(
    readonly status: number,
    readonly error: string,
    description?: string,
  ) {
    super(description);
  }

  withHeader(name: string, value: string): this {
    this.headers[name] = value;
    return this;
  }

  /** Body of the response (RFC 6749 §5.2). */
  get body(): object {
    const { error, message } = this;
    return message === '' ? { error } : { error, error_description: message };
  }
}

/** Error for a request that violates the specification: 400 `invalid_request`. */
export function invalidRequest(description: string): OAuthError {
  return new OAuthError(400, 'invalid_request', description);
}

/** Runs an endpoint and sends its response, or the {@link OAuthError} that it throws. */
export async function sendResponse(
  context: Context,
  work: () => Promise<OAuthResponse>,
): Promise<void> {
  const { status, body, headers = {} } = await work().catch(toResponse);
  context.set('cache-control', 'no-store');
  for (const [name, value] of Object.entries(headers)) context.set(name, value);
  context.body = body;
  context.status = status;
}

function toResponse(error: unknown): OAuthResponse {
  if (error instanceof OAuthError) return error;
  throw error;
}
