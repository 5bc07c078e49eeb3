import { PATHS } from './issuer-metadata.js';

/** Endpoint of a `TestIssuer`; `discovery` has the documents of OpenID Connect and of UMA. */
export type TestIssuerEndpoint =
  'discovery' | 'jwks' | 'token' | 'registration' | 'introspection' | 'permission' | 'resources';

/** Failure of an endpoint: a status without a usable body, or no response at all. */
export type TestIssuerFault =
  | {
      /** Status of each response. */
      readonly status: number;
    }
  | {
      /** Never responds. */
      readonly hang: true;
    };

/** Counts and disturbs the requests of each endpoint. */
export class EndpointTraffic {
  private readonly counts: Record<TestIssuerEndpoint, number> = {
    ...{ discovery: 0, jwks: 0, token: 0, registration: 0, introspection: 0 },
    ...{ permission: 0, resources: 0 },
  };
  private readonly faults = new Map<TestIssuerEndpoint, TestIssuerFault>();

  /** Number of requests since the start, by endpoint. */
  get requests(): Readonly<Record<TestIssuerEndpoint, number>> {
    return { ...this.counts };
  }

  /** Sets the fault of an endpoint; undefined removes it. */
  disturb(endpoint: TestIssuerEndpoint, fault: TestIssuerFault | undefined): void {
    if (fault) this.faults.set(endpoint, fault);
    else this.faults.delete(endpoint);
  }

  /** Counts a request. @returns the fault of its endpoint */
  register(pathname: string): TestIssuerFault | undefined {
    const endpoint = endpointAt(pathname);
    if (!endpoint) return undefined;
    this.counts[endpoint]++;
    return this.faults.get(endpoint);
  }
}

function endpointAt(pathname: string): TestIssuerEndpoint | undefined {
  if (pathname.startsWith('/.well-known/')) return 'discovery';
  const names = Object.keys(PATHS) as (keyof typeof PATHS)[];
  return names.find((name) => pathname === PATHS[name] || pathname.startsWith(`${PATHS[name]}/`));
}
