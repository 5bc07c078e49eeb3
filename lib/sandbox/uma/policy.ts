import type { SandboxClaims } from '../provider/accounts.js';

/** A resource as a resource server registered it (UMA Federated Authorization §3.1). */
export interface SandboxResource {
  /** Its id at the sandbox. */
  readonly _id: string;
  /** Its name, such as `[GET] /albums/:id`. */
  readonly name?: string;
  /** What kind of resource it is. */
  readonly type?: string;
  /** What it is, for people. */
  readonly description?: string;
  /** Where its picture is. */
  readonly icon_uri?: string;
  /** The scopes that can be asked for. */
  readonly resource_scopes: readonly string[];
}

/** What a policy is asked: one resource of a permission ticket. */
export interface SandboxPolicyRequest {
  /** The client that wants access. */
  readonly client_id: string;
  /** What it wants access to. */
  readonly resource: SandboxResource;
  /** The scopes it wants, all of them scopes of the resource; may be none. */
  readonly scopes: readonly string[];
  /** The requesting party; undefined while unknown. */
  readonly claims?: SandboxClaims;
  /** What the requesting party answered to the questions of policies, by name of the question. */
  readonly answers: Readonly<Record<string, string>>;
  /** What the owner decided on this request; undefined where nobody was asked, or not yet. */
  readonly approved?: boolean;
}

/** A question that the claims-gathering page asks the requesting party. */
export interface SandboxQuestion {
  /** Under what name policies find the answer; letters, digits, `-` and `_`. */
  readonly name: string;
  /** The question. */
  readonly text: string;
  /** The answers to choose from; left out where any text will do. */
  readonly options?: readonly string[];
}

/** What a policy has to know before it can decide (UMA 2.0 Grant §3.3.6, `need_info`). */
export interface SandboxNeed {
  /** Who the requesting party is: an id_token, or a login at the claims-gathering page. */
  readonly identity?: boolean;
  /** What the claims-gathering page is to ask. */
  readonly questions?: readonly SandboxQuestion[];
}

/**
 * What a policy answers: `grant` all scopes that were asked for, grant those named (never more than
 * were asked for), `deny`, `submit` to the owner, whose decision then holds, or what it needs to
 * know. Anything else denies.
 */
export type SandboxDecision =
  | 'grant'
  | 'deny'
  | 'submit'
  | {
      /** The scopes that are granted. */
      readonly grant: readonly string[];
    }
  | {
      /** What is to be known first. */
      readonly need: SandboxNeed;
    };

/** Decides on one resource of a permission ticket; what it throws denies. */
export type SandboxPolicy = (
  request: SandboxPolicyRequest,
) => SandboxDecision | Promise<SandboxDecision>;

/** One policy for every resource, or one by name of the resource: any other is denied. */
export type SandboxPolicies = SandboxPolicy | Readonly<Record<string, SandboxPolicy>>;

/** The policy of a sandbox that is given none: whoever is known may `view`, nothing else goes. */
export const DEMO_POLICY: SandboxPolicy = ({ scopes, claims }) => {
  if (!scopes.includes('view')) return 'deny';
  return claims ? { grant: ['view'] } : { need: { identity: true } };
};

/** The policy for a resource; where there is none, the answer is no. */
export function policyFor(policies: SandboxPolicies, { name }: SandboxResource): SandboxPolicy {
  if (typeof policies === 'function') return policies;
  const own = name !== undefined && Object.hasOwn(policies, name) ? policies[name] : undefined;
  return own ?? (() => 'deny');
}

/** Whether these are policies that can be asked. */
export function arePolicies(policies: unknown): policies is SandboxPolicies {
  if (typeof policies === 'function') return true;
  if (typeof policies !== 'object' || policies === null) return false;
  return Object.values(policies).every((policy) => typeof policy === 'function');
}

/** Whether a policy named something that the requesting party can be asked for. */
export function isNeed(need: unknown): need is SandboxNeed {
  if (typeof need !== 'object' || need === null) return false;
  const { identity, questions = [] } = need as Partial<Record<keyof SandboxNeed, unknown>>;
  if (!Array.isArray(questions) || !questions.every(isQuestion)) return false;
  return identity === true || questions.length > 0;
}

function isQuestion(question: unknown): question is SandboxQuestion {
  if (typeof question !== 'object' || question === null) return false;
  const { name, text, options = [''] } = question as Record<keyof SandboxQuestion, unknown>;
  const texts: unknown[] = [name, text, ...(Array.isArray(options) ? options : [undefined])];
  return texts.every((one) => typeof one === 'string') && /^[\w-]+$/.test(String(name));
}
