/** Failure of a proxy to open a tunnel: nothing was sent to the provider. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';

  constructor(
    message: string,
    /** Code of the system's error, such as `ECONNREFUSED`. undici acts on some codes in `code`. */
    readonly systemCode?: string,
  ) {
    super(message);
  }
}

/** undici's error when the proxy answers CONNECT with another status than 200. */
const REJECTED = /^Proxy response \((\d{3})\)/;
const CERTIFICATE = /CERT|SIGNATURE/;
/**
 * Codes of undici for a tunnel that was not opened; errors of the TLS inside a tunnel have others.
 */
const WITHOUT_TUNNEL = new Set(['UND_ERR_SOCKET', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_ABORTED']);

/** Describes why the connection to the proxy itself failed. */
export function connectionError(error: Error): ProxyError {
  const code = codeOf(error);
  const detail = code ? ` (${code})` : '';
  return code && CERTIFICATE.test(code)
    ? new ProxyError(`the certificate of the proxy is not accepted${detail}`, code)
    : new ProxyError(`the proxy could not be reached${detail}`, code);
}

/** Converts the error of a tunnel to a {@link ProxyError} if the proxy is the cause. */
export function tunnelError(error: Error): Error {
  const status = REJECTED.exec(error.message)?.[1];
  if (status === '407') {
    return new ProxyError('the proxy requires a valid user name and password (407)');
  }
  if (status) return new ProxyError(`the proxy rejected the connection (${status})`);
  const code = codeOf(error);
  if (!code || !WITHOUT_TUNNEL.has(code)) return error;
  return new ProxyError(`the proxy opened no tunnel (${code})`, code);
}

function codeOf(error: Error): string | undefined {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const code = (first as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
