import type { Context } from '../provider/oidc-provider.js';

/** What an endpoint answers. */
export interface Answer {
  readonly status: number;
  /** JSON; left out where there is nothing to say. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer that is a refusal, with a code of UMA or OAuth 2.0. */
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

  /** Its body (RFC 6749 §5.2). */
  get body(): object {
    const { error, message } = this;
    return message === '' ? { error } : { error, error_description: message };
  }
}

/** A request that is not as the specification has it: 400 `invalid_request`. */
export function invalidRequest(description: string): OAuthError {
  return new OAuthError(400, 'invalid_request', description);
}

/** Sends what the work comes to: its answer, or its refusal. */
export async function sendAnswer(context: Context, work: () => Promise<Answer>): Promise<void> {
  const { status, body, headers = {} } = await work().catch(refusalIn);
  context.set('cache-control', 'no-store');
  for (const [name, value] of Object.entries(headers)) context.set(name, value);
  context.body = body;
  context.status = status;
}

function refusalIn(error: unknown): Answer {
  if (error instanceof OAuthError) return error;
  throw error;
}
