import type { LeftOut } from './left-out.js';
import { OpAnswerError } from './refusal.js';

/** Members of a registration that a site can do without. */
const OPTIONAL = ['claims_redirect_uris', 'claims_redirect_uri'];

/** A server that says so knows no such member; any other complaint is of its value. */
const UNKNOWN =
  /(?:unrecogni[sz]ed|unknown|unsupported) (?:field|member|metadata|param|property|key)|not (?:recogni[sz]ed|supported)/i;

/** A registration request, and to whom it goes. */
export interface MemberedRequest {
  /** Issuer of the server. */
  readonly server: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly leftOut: LeftOut;
}

/**
 * Sends a registration without the members that its server has refused because it does not know them;
 * again, where it refuses one now. RFC 7591 §2 would have it ignore them, Keycloak answers 400. Scopes
 * that are refused are left out of this registration alone: Keycloak decides by itself which a client
 * gets, and refuses `openid`.
 */
export async function withoutRefused<T>(
  { server, metadata, leftOut }: MemberedRequest,
  send: (body: Readonly<Record<string, unknown>>) => Promise<T>,
): Promise<T> {
  const body = Object.fromEntries(
    Object.entries(metadata).filter(([what]) => !leftOut.has({ server, what })),
  );
  try {
    return await send(body);
  } catch (error) {
    const what = refusedMember(error, body);
    if (what === undefined) throw error;
    if (what !== 'scope')
      leftOut.add({ server, what }, 'It refuses a registration with this member.');
    else leftOut.tell({ server, what }, 'It refuses a registration with these scopes.');
    const { [what]: _, ...rest } = body;
    return withoutRefused({ server, metadata: rest, leftOut }, send);
  }
}

/** The member that a refusal names; Keycloak does so in `error`. */
function refusedMember(error: unknown, body: object): string | undefined {
  if (!(error instanceof OpAnswerError) || error.status >= 500) return undefined;
  if (Object.hasOwn(body, 'scope') && /scope/.test(error.error ?? '')) return 'scope';
  const text = `${error.error ?? ''} ${error.error_description ?? ''}`;
  if (!UNKNOWN.test(text)) return undefined;
  const words = text.split(/\W+/);
  return OPTIONAL.find((name) => Object.hasOwn(body, name) && words.includes(name));
}
