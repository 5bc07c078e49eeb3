import type { Answer, Seen } from './fake-op.js';
import { basicOf, RS, type FakeAs } from './fake-as.js';

/** Claims that a request pushes to the policies. */
export type Pushed = Readonly<Record<string, readonly string[]>>;

/** Policies of one user: true grants a scope of a resource, or a resource without scopes. */
export type Policy = (resource_id: string, scope: string | undefined, pushed: Pushed) => boolean;

/** Decisions of a {@link FakeAs} by policies, with the answers that Keycloak 26.7 was seen to give. */
export class DecisionPolicies {
  private readonly policies = new Map<string, Policy>();

  constructor(private readonly as: FakeAs) {
    as.on('uma-grant', (seen) => this.usual(seen));
  }

  /** Sets the policies for a token; undefined logs the user out. */
  set(token: string, policy: Policy | undefined): void {
    if (policy) this.policies.set(token, policy);
    else this.policies.delete(token);
  }

  /** Requests for a decision. */
  get seen(): Seen[] {
    return this.as.seen('uma-grant');
  }

  /** Scripts the answers; undefined restores the decisions by policies. */
  answer(script: Answer | ((seen: Seen) => Answer | Promise<Answer>) | undefined): void {
    this.as.on('uma-grant', script ?? ((seen) => this.usual(seen)));
  }

  usual(seen: Seen): Answer {
    const { form } = seen;
    const subject = form.get('subject_token');
    if (subject === null) return this.ofBearer(seen);
    const [id, secret] = basicOf(seen);
    if (id !== RS.client_id || secret !== this.as.clientSecret) {
      return rejection(401, 'unauthorized_client');
    }
    const policy = this.policies.get(subject);
    return policy ? this.decision(form, policy) : rejection(400, 'unauthorized_client');
  }

  private ofBearer({ headers, form }: Seen): Answer {
    const [scheme, token = ''] = (headers.authorization ?? '').split(' ');
    const policy = scheme === 'Bearer' ? this.policies.get(token) : undefined;
    if (!policy) return rejection(400, 'invalid_grant');
    // The answer to the token of a public client.
    return form.has('claim_token') ? rejection(403, 'invalid_grant') : this.decision(form, policy);
  }

  private decision(form: URLSearchParams, policy: Policy): Answer {
    if (form.get('audience') !== RS.client_id) return rejection(400, 'invalid_request');
    const [id = '', names] = (form.get('permission') ?? '').split('#');
    const existing = this.as.resources.get(id);
    if (!existing) return rejection(400, 'invalid_resource');
    const scopes = existing.resource_scopes as string[];
    const asked = names?.split(',') ?? (scopes.length > 0 ? scopes : [undefined]);
    if (asked.some((scope) => scope !== undefined && !scopes.includes(scope))) {
      return rejection(400, 'invalid_scope');
    }
    const pushed = pushedClaims(form);
    const granted = asked.filter((scope) => policy(id, scope, pushed));
    if (granted.length === 0) return rejection(403, 'access_denied');
    if (form.get('response_mode') === 'decision') return { json: { result: true } };
    const listed = granted.filter((scope) => scope !== undefined);
    const item = { rsid: id, rsname: existing.name };
    return { json: [listed.length > 0 ? { scopes: listed, ...item } : item] };
  }
}

function pushedClaims(form: URLSearchParams): Pushed {
  const token = form.get('claim_token');
  return token === null ? {} : (JSON.parse(Buffer.from(token, 'base64url').toString()) as Pushed);
}

function rejection(status: number, error: string): Answer {
  return { status, json: { error, error_description: 'A description.' } };
}
