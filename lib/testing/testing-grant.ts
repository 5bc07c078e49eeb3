import type { IncomingHttpHeaders } from 'node:http';

/** Request of Express or Fastify, as passed to option `grant`. */
export interface OxdTestingRequest {
  /** HTTP method. */
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Headers by name in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** Parameters of the route, decoded by the router. */
  readonly params?: Readonly<Record<string, unknown>>;
}

/** Option `grant` of `OxdTestingModule`: a fixed decision, or the decision on one request. */
export type OxdTestingGrant =
  boolean | ((request: OxdTestingRequest) => boolean | Promise<boolean>);

/** Decisions of a test, one for each request. */
export class GrantDecisions {
  private readonly decided = new WeakMap<object, Promise<boolean>>();

  constructor(private readonly grant: OxdTestingGrant) {}

  /** Returns the decision on a request. Calls the function of the test once for each request. */
  of(request: object): Promise<boolean> {
    const known = this.decided.get(request);
    if (known) return known;
    const decision = this.decide(request as OxdTestingRequest);
    this.decided.set(request, decision);
    return decision;
  }

  private async decide(request: OxdTestingRequest): Promise<boolean> {
    const { grant } = this;
    // Every result except true denies, because a test may be written in JavaScript.
    return (typeof grant === 'function' ? await grant(request) : grant) === true;
  }
}
