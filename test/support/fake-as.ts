import { randomUUID } from 'node:crypto';
import { UMA_GRANT_TYPE } from '../../lib/base/uma-tokens.js';
import { FakeOp, type Answer, type Seen } from './fake-op.js';
import { registerSecret } from './secrets.js';
import { VENDORS, type VendorBehavior, type Vendor } from './fake-as-vendors.js';

/** Endpoints that {@link FakeAs} adds to those of a provider. */
export type UmaEndpoint =
  'uma-discovery' | 'pat' | 'resources' | 'permission' | 'rpt' | 'uma-grant';

type Script = Answer | ((seen: Seen) => Answer | Promise<Answer>);

/** A resource description, as received. */
export type Description = Record<string, unknown>;

/** An issued ticket. */
export interface IssuedTicket {
  readonly ticket: string;
  readonly permissions: readonly { resource_id?: string; resource_scopes?: string[] }[];
}

/** Client of the resource server, for the site of a test. */
export const RS = { client_id: 'rs-client', client_secret: 'secret-of-the-rs-client' };
registerSecret(RS.client_secret);

/**
 * UMA authorization server with scriptable responses, based on {@link FakeOp}. Imitates a vendor, or
 * with `spec` the specification. Evaluates no policies: a test issues the RPTs.
 */
export class FakeAs {
  readonly resources = new Map<string, Description>();
  readonly tickets: IssuedTicket[] = [];
  /** Properties of the UMA discovery document; undefined omits a property. */
  discovery: Record<string, unknown> = {};
  /** Id of the next resource; by default created as the vendor does. */
  nextId: string | undefined;
  /** Lifetime of the next PATs in seconds; undefined omits `expires_in`. */
  patLifetime: number | undefined = 300;
  /** Overrides parameters of the next introspection responses; undefined removes one. */
  introspection: Record<string, unknown> = {};
  /** Secret of the client {@link RS}; another value rotates it. */
  clientSecret = RS.client_secret;
  private readonly scripts = new Map<UmaEndpoint, Script>();
  private readonly requests = new Map<Seen, UmaEndpoint>();
  private readonly pats = new Map<string, number>();
  private readonly rpts = new Map<string, readonly object[]>();
  private behavior: VendorBehavior = VENDORS.spec;

  private constructor(readonly op: FakeOp) {}

  /** Starts on a port of 127.0.0.1, by default a free one. */
  static async start(port?: number): Promise<FakeAs> {
    const as = new FakeAs(await FakeOp.start(undefined, port));
    as.reset();
    return as;
  }

  get issuer(): string {
    return this.op.issuer;
  }

  /** Deletes all state except the address, and imitates another vendor. */
  reset(vendor: Vendor = 'spec'): void {
    this.op.reset();
    this.behavior = VENDORS[vendor];
    this.op.discovery = { scopes_supported: this.behavior.scopes };
    this.discovery = {};
    this.introspection = {};
    this.patLifetime = 300;
    this.nextId = undefined;
    this.clientSecret = RS.client_secret;
    [this.resources, this.scripts, this.requests, this.pats, this.rpts].forEach((map) =>
      map.clear(),
    );
    this.tickets.length = 0;
    this.op.on('token', (seen) => this.token(seen));
    this.op.on('client', (seen) => this.handle(seen));
  }

  /** Scripts an endpoint; undefined restores the default response. */
  on(endpoint: UmaEndpoint, script: Script | undefined): void {
    if (script) this.scripts.set(endpoint, script);
    else this.scripts.delete(endpoint);
  }

  /** Requests to one endpoint with these methods. */
  seen(endpoint: UmaEndpoint, ...methods: string[]): Seen[] {
    return [...this.requests]
      .filter(([seen, at]) => at === endpoint && (!methods[0] || methods.includes(seen.method)))
      .map(([seen]) => seen);
  }

  /** Revokes every PAT. */
  revokePats(): void {
    this.pats.clear();
  }

  /** Issues an RPT with these permissions. */
  rpt(...permissions: object[]): string {
    return this.keep(secret('rpt'), permissions);
  }

  /** Adds permissions to an RPT of the test, such as a JWT. */
  keep(rpt: string, permissions: readonly object[]): string {
    registerSecret(rpt);
    this.rpts.set(rpt, permissions);
    return rpt;
  }

  /** Makes an RPT inactive. */
  withdraw(rpt: string): void {
    this.rpts.delete(rpt);
  }

  /** Permission for a resource, in the format of the vendor. */
  item(resource_id: string, ...resource_scopes: string[]): object {
    return this.behavior.item(resource_id, resource_scopes, this.now());
  }

  /** Id of the only resource with this name. */
  idOf(name: string): string {
    const [[id] = [''], ...others] = [...this.resources].filter(([, it]) => it.name === name);
    if (others.length > 0) throw new Error(`There is more than one resource ${name}.`);
    return id;
  }

  /** Sorted names of all resources. */
  get names(): string[] {
    return [...this.resources.values()].map(({ name }) => String(name)).sort();
  }

  /** Default response. */
  usual(endpoint: UmaEndpoint, seen: Seen): Answer {
    switch (endpoint) {
      case 'uma-discovery':
        return { json: { ...this.metadata(), ...this.discovery } };
      case 'pat':
        return this.issuePat(seen);
      case 'resources':
        return this.protected(seen) ?? this.manageResource(seen);
      case 'permission':
        return this.protected(seen) ?? this.issueTicket(seen);
      case 'rpt':
        return this.mayIntrospect(seen) ?? this.introspect(seen);
      case 'uma-grant':
        return { status: 400, json: { error: 'unsupported_grant_type' } };
    }
  }

  close(): Promise<void> {
    return this.op.close();
  }

  private token(seen: Seen): Promise<Answer> | Answer {
    const grant = seen.form.get('grant_type');
    if (grant === UMA_GRANT_TYPE && this.scripts.has('uma-grant')) {
      return this.answer('uma-grant', seen);
    }
    const isPat = grant === 'client_credentials';
    const [id, secret] = basicOf(seen);
    if (isPat && id === RS.client_id && secret !== this.clientSecret) {
      return { status: 401, json: { error: 'invalid_client' } };
    }
    return isPat ? this.answer('pat', seen) : this.op.usual(seen);
  }

  private handle(seen: Seen): Promise<Answer> | Answer {
    const { pathname } = new URL(seen.url, this.issuer);
    if (pathname.endsWith('/.well-known/uma2-configuration')) {
      return this.answer('uma-discovery', seen);
    }
    // Path for an issuer with a path; the provider handles an issuer without one.
    if (pathname.endsWith('/.well-known/openid-configuration')) {
      return this.op.usual({ ...seen, endpoint: 'discovery' });
    }
    if (pathname === '/uma/permission') return this.answer('permission', seen);
    if (pathname === '/uma/rpt') return this.answer('rpt', seen);
    if (/^\/uma\/resource(\/|$)/.test(pathname)) return this.answer('resources', seen);
    return this.op.usual(seen);
  }

  private async answer(endpoint: UmaEndpoint, seen: Seen): Promise<Answer> {
    this.requests.set(seen, endpoint);
    const script = this.scripts.get(endpoint);
    if (!script) return this.usual(endpoint, seen);
    return typeof script === 'function' ? script(seen) : script;
  }

  private metadata(): object {
    const { issuer } = this;
    return {
      issuer,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      permission_endpoint: `${issuer}/uma/permission`,
      resource_registration_endpoint: `${issuer}/uma/resource${this.behavior.slash ?? ''}`,
      introspection_endpoint: `${issuer}/uma/rpt`,
      grant_types_supported: [UMA_GRANT_TYPE],
      ...this.behavior.discovery,
    };
  }

  private issuePat({ form }: Seen): Answer {
    const scope = form.get('scope') ?? undefined;
    if (scope && !this.behavior.scopes.includes(scope)) {
      return { status: 400, json: { error: 'invalid_scope' } };
    }
    const { patLifetime: expires_in } = this;
    const access_token = secret('pat');
    this.pats.set(access_token, this.now() + (expires_in ?? 300));
    const status = this.behavior.patStatus ?? 200;
    return { status, json: { access_token, token_type: 'Bearer', expires_in, scope } };
  }

  private protected({ headers }: Seen): Answer | undefined {
    const [scheme, token = ''] = (headers.authorization ?? '').split(' ');
    const isGood = scheme === 'Bearer' && (this.pats.get(token) ?? 0) > this.now();
    return isGood ? undefined : this.behavior.patRejection;
  }

  private manageResource(seen: Seen): Answer {
    const { pathname, searchParams } = new URL(seen.url, this.issuer);
    const id = decodeURIComponent(pathname.replace(/^\/uma\/resource\/?/, ''));
    if (seen.method === 'POST') return this.register(JSON.parse(seen.body) as Description);
    if (id === '') return { json: this.behavior.list([...this.resources], searchParams) };
    const found = this.resources.get(id);
    if (!found) return { status: 404, json: { error: 'not_found' } };
    if (seen.method === 'GET') return { json: this.behavior.read(id, found) };
    if (seen.method === 'PUT') return this.replace(id, JSON.parse(seen.body) as Description);
    this.resources.delete(id);
    return { status: 204 };
  }

  private replace(id: string, description: Description): Answer {
    const unfit = this.unfit(description);
    if (unfit) return unfit;
    this.resources.set(id, description);
    return this.behavior.putStatus === 204 ? { status: 204 } : { json: { _id: id } };
  }

  private register(description: Description): Answer {
    const unfit = this.unfit(description);
    if (unfit) return unfit;
    const isTaken = [...this.resources.values()].some(({ name }) => name === description.name);
    if (this.behavior.uniqueNames && isTaken) {
      return { status: 409, json: { error: 'invalid_request' } };
    }
    const id = this.nextId ?? this.behavior.idOf?.(description) ?? randomUUID();
    this.resources.set(id, description);
    return { status: 201, json: this.behavior.created(id, description) };
  }

  private unfit(description: Description): Answer | undefined {
    const foreign = Object.keys(description).find((name) => this.behavior.rejects?.includes(name));
    if (!foreign) return undefined;
    return { status: 400, json: { error: `Unrecognized field "${foreign}"` } };
  }

  private issueTicket({ body }: Seen): Answer {
    const permissions = [JSON.parse(body)].flat() as IssuedTicket['permissions'];
    // Trap of Keycloak: a ticket requested without an id covers every resource.
    const unknown = permissions.find(({ resource_id: id }) => id && !this.resources.has(id));
    if (unknown) return { status: 400, json: { error: 'invalid_resource_id' } };
    const ticket = secret('ticket');
    this.tickets.push({ ticket, permissions });
    return { status: 201, json: { ticket } };
  }

  private mayIntrospect(seen: Seen): Answer | undefined {
    if (this.behavior.introspection === 'pat') return this.protected(seen);
    const [id, secret] = basicOf(seen);
    if (id === RS.client_id && secret === this.clientSecret) return undefined;
    return { status: 401, json: { error: 'invalid_client' } };
  }

  private introspect({ form }: Seen): Answer {
    const permissions = this.rpts.get(form.get('token') ?? '');
    if (!permissions) return this.behavior.inactive;
    const answer = this.behavior.active(permissions, this.now());
    if (form.get('token_type_hint') !== 'requesting_party_token' && this.behavior.needsHint) {
      return { json: { ...answer, permissions: undefined } };
    }
    return { json: { ...answer, ...this.introspection } };
  }

  private now(): number {
    return Math.floor(this.op.clock() / 1000);
  }
}

/** Client id and secret of HTTP Basic, both form-encoded (RFC 6749 §2.3.1). */
export function basicOf({ headers }: Seen): string[] {
  const [scheme, basic = ''] = (headers.authorization ?? '').split(' ');
  if (scheme !== 'Basic') return [];
  return Buffer.from(basic, 'base64').toString().split(':').map(decodeURIComponent);
}

function secret(kind: string): string {
  const value = `${kind}-${randomUUID()}`;
  registerSecret(value);
  return value;
}
