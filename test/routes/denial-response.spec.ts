import { denialResponse } from '../../lib/routes/denial-response.js';

const DENIAL = { status: 401, error: 'UMA_PERMISSION_REQUIRED', message: 'denied', headers: {} };
const adapter = { setHeader: () => undefined };

describe('denialResponse', () => {
  it('creates no stack trace, which any client could cause', () => {
    expect(denialResponse(DENIAL, {}, adapter).stack).not.toContain('\n    at ');
  });

  it('leaves the stack traces of other errors as long as before', () => {
    const { stackTraceLimit } = Error;
    denialResponse(DENIAL, {}, adapter);
    expect(Error.stackTraceLimit).toBe(stackTraceLimit);
    expect(new Error('another').stack).toContain('\n    at ');
  });

  it('responds where the length of stack traces is read-only', () => {
    const before = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit') ?? {};
    Object.defineProperty(Error, 'stackTraceLimit', { ...before, writable: false });
    try {
      expect(denialResponse(DENIAL, {}, adapter).getStatus()).toBe(401);
    } finally {
      Object.defineProperty(Error, 'stackTraceLimit', before);
    }
  });
});
