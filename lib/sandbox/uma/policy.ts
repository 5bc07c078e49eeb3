import type { SandboxClaims } from '../provider/accounts.js';

/** A resource as a resource server registered it (UMA Federated Authorization §3.1). */
export interface SandboxResource {
  /** Resource id, assigned by the sandbox. */
  readonly _id: string;
  /** Name of the resource, such as `[GET] /albums/:id`. */
  readonly name?: string;
  /** Type of the resource. */
  readonly type?: string;
  /** Human-readable description. */
  readonly description?: string;
  /** URI of an icon. */
  readonly icon_uri?: string;
  /** Scopes available at the resource. */
  readonly resource_scopes: readonly string[];
}

/** Input of a policy: one resource of a permission ticket. */
export interface SandboxPolicyRequest {
  /** Client that requests access. */
  readonly client_id: string;
  /** Requested resource. */
  readonly resource: SandboxResource;
  /** Requested scopes, each a scope of the resource; may be empty. */
  readonly scopes: readonly string[];
  /** Claims of the requesting party; undefined while unknown. */
  readonly claims?: SandboxClaims;
  /** Answers of the requesting party to questions of policies, by name of the question. */
  readonly answers: Readonly<Record<string, string>>;
  /** Decision of the resource owner; undefined when not submitted to the owner or still pending. */
  readonly approved?: boolean;
}

/** A question that the claims-gathering page asks the requesting party. */
export interface SandboxQuestion {
  /** Name of the answer in {@link SandboxPolicyRequest.answers}: letters, digits, `-` and `_`. */
  readonly name: string;
  /** Text of the question. */
  readonly text: string;
  /** Answers to choose from; default: any text of at most 500 characters. */
  readonly options?: readonly string[];
}

/** Information that a policy needs before it can decide (UMA 2.0 Grant §3.3.6, `need_info`). */
export interface SandboxNeed {
  /**
   * Requires the identity of the requesting party, from an ID token or a login at the
   * claims-gathering page; default false.
   */
  readonly identity?: boolean;
  /** Questions for the claims-gathering page; default none. */
  readonly questions?: readonly SandboxQuestion[];
}

/**
 * Decision of a policy: `'grant'` grants all requested scopes; `{ grant }` grants those listed, never
 * more than requested; `'deny'` denies; `'submit'` leaves the decision to the resource owner;
 * `{ need }` requires more information first. Any other value denies.
 */
export type SandboxDecision =
  | 'grant'
  | 'deny'
  | 'submit'
  | {
      /** Granted scopes. */
      readonly grant: readonly string[];
    }
  | {
      /** Required information. */
      readonly need: SandboxNeed;
    };

/** Decides on one resource of a permission ticket. An error that the policy throws denies. */
export type SandboxPolicy = (
  request: SandboxPolicyRequest,
) => SandboxDecision | Promise<SandboxDecision>;

/** One policy for all resources, or policies by resource name; other resources are denied. */
export type SandboxPolicies = SandboxPolicy | Readonly<Record<string, SandboxPolicy>>;

/** Default policy: grants `view` to an identified requesting party and denies everything else. */
export const DEMO_POLICY: SandboxPolicy = ({ scopes, claims }) => {
  if (!scopes.includes('view')) return 'deny';
  return claims ? { grant: ['view'] } : { need: { identity: true } };
};

/** Policy for a resource; denies when none is defined. */
export function policyFor(policies: SandboxPolicies, { name }: SandboxResource): SandboxPolicy {
  if (typeof policies === 'function') return policies;
  const own = name !== undefined && Object.hasOwn(policies, name) ? policies[name] : undefined;
  return own ?? (() => 'deny');
}

/** True for a function or an object of functions. */
export function arePolicies(policies: unknown): policies is SandboxPolicies {
  if (typeof policies === 'function') return true;
  if (typeof policies !== 'object' || policies === null) return false;
  return Object.values(policies).every((policy) => typeof policy === 'function');
}

/** True when a policy requires an identity or has valid questions. */
export function isNeed(need: unknown): need is SandboxNeed {
  if (typeof need !== 'object' || need === null) return false;
  const { identity, questions = [] } = need as Partial<Record<keyof SandboxNeed, unknown>>;
  if (!Array.isArray(questions) || !questions.every(isQuestion)) return false;
  return identity === true || questions.length > 0;
}

function isQuestion(question: unknown): question is SandboxQuestion {
  if (typeof question !== 'object' || question === null) return false;
  const { name, text, options = [''] } = question as Record<keyof SandboxQuestion, unknown>;
  const strings: unknown[] = [name, text, ...(Array.isArray(options) ? options : [undefined])];
  return strings.every((one) => typeof one === 'string') && /^[\w-]+$/.test(String(name));
}
