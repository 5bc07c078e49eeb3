import type { OxdStore } from '../../store/oxd-store.js';
import type { SandboxUser } from '../provider/accounts.js';
import type { OidcProvider } from '../provider/oidc-provider.js';
import { Assessor } from './assessment.js';
import { OpaqueTokens } from './opaque-tokens.js';
import { umaEndpoints, type UmaEndpoints } from './metadata.js';
import type { SandboxPolicies } from './policy.js';
import { Resources } from './resources.js';
import { Rpts } from './rpts.js';
import { PendingRequests } from './pending-requests.js';
import type { ClaimsSession, PersistedClaims, Ticket } from './tickets.js';

const MINUTE = 60_000;
/** Must exceed the interval at which clients poll for the owner's decision. */
const TICKET_LIFETIME = 5 * MINUTE;
const CLAIMS_SESSION_LIFETIME = 30 * MINUTE;
const PCT_LIFETIME = 14 * 24 * 60 * MINUTE;

/** Options of {@link UmaServer.open}. */
export interface UmaServerOptions {
  readonly issuer: string;
  readonly provider: OidcProvider;
  readonly store: OxdStore;
  readonly users: readonly SandboxUser[];
  readonly policies: SandboxPolicies;
  /** Username of the resource owner; undefined: every user. */
  readonly owner?: string;
  /** Called with every issued secret. */
  readonly onSecret: (value: string) => void;
  /** Logs failures of policies. */
  readonly log: (line: string) => void;
}

/** State shared by the endpoints and pages of UMA. */
export class UmaServer {
  readonly issuer: string;
  readonly provider: OidcProvider;
  readonly users: readonly SandboxUser[];
  /** Username of the resource owner; undefined: every user. */
  readonly owner?: string;
  /** Called with every issued secret. */
  readonly onSecret: (value: string) => void;
  readonly endpoints: UmaEndpoints;
  readonly tickets: OpaqueTokens<Ticket>;
  /** States of claims-gathering pages. */
  readonly claimsSessions: OpaqueTokens<ClaimsSession>;
  readonly persistedClaims: OpaqueTokens<PersistedClaims>;
  readonly rpts: Rpts;
  readonly submissions = new PendingRequests(TICKET_LIFETIME);
  readonly assessor: Assessor;

  private constructor(
    options: UmaServerOptions,
    readonly resources: Resources,
  ) {
    const { issuer, provider, store, users, policies, owner, onSecret, log } = options;
    this.issuer = issuer;
    this.provider = provider;
    this.users = users;
    this.owner = owner;
    this.onSecret = onSecret;
    this.endpoints = umaEndpoints(issuer);
    const handles = { store, onSecret };
    this.tickets = new OpaqueTokens({ ...handles, kind: 'UmaTicket', lifetime: TICKET_LIFETIME });
    this.claimsSessions = new OpaqueTokens({
      ...handles,
      kind: 'UmaClaims',
      lifetime: CLAIMS_SESSION_LIFETIME,
    });
    this.persistedClaims = new OpaqueTokens({ ...handles, kind: 'UmaPct', lifetime: PCT_LIFETIME });
    this.rpts = new Rpts(provider, resources);
    const { submissions } = this;
    this.assessor = new Assessor({ policies, users, resources, submissions, log });
  }

  /** Creates the server with the resources of earlier starts. */
  static async open(options: UmaServerOptions): Promise<UmaServer> {
    return new UmaServer(options, await Resources.open(options.store));
  }

  /** True when a user with this `sub` exists. */
  isUser(sub: string): boolean {
    return this.users.some(({ claims }) => claims.sub === sub);
  }
}
