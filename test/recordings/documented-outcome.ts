import { decodeJwt } from 'jose';
import type { RecordedReply } from './recordings.js';

/** Releases with the same facts. */
export type FactsOf = '3.1.1' | '3.1.4' | '4';

/** A recorded command; those over TCP and HTTPS have the same stories. */
export interface RecordedCall {
  readonly story: string;
  readonly command: string;
  /** Parameters of the command. */
  readonly request: Data | null | undefined;
}

/** Failures that oxd reports as a success, by story, with their error codes in this package. */
const HIDDEN_FAILURES: Readonly<Record<string, string>> = {
  'user-info-bad-token': 'internal_error',
  'user-info-no-token': 'internal_error',
  'user-info-blank-token': 'internal_error',
  'user-info-op-401': 'internal_error',
  'user-info-op-403': 'internal_error',
  'user-info-op-html': 'internal_error',
  'user-info-op-200-not-json': 'internal_error',
  'protection-off-no-token-get-user-info': 'internal_error',
  'tokens-by-code-id-token-no-sub': 'invalid_id_token',
};

/** Replies of `uma_rp_get_rpt` that are outcomes of UMA, by story and version. */
const OUTCOMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'uma-get-rpt-need-info': { '3.1.1': 'need_info', '3.1.4': 'need_info', 4: 'need_info' },
  'uma-need-info-then-claims': { '3.1.1': 'need_info', '3.1.4': 'need_info', 4: 'need_info' },
  'uma-get-rpt-bare-invalid-ticket': {
    '3.1.1': 'invalid_ticket',
    '3.1.4': 'invalid_ticket',
    4: 'invalid_ticket',
  },
  'uma-get-rpt-again-same-ticket': { '3.1.4': 'invalid_ticket', 4: 'invalid_ticket' },
  'uma-get-rpt-no-ticket': { '3.1.4': 'invalid_ticket' },
  'uma-get-rpt-invalid-ticket': { '3.1.4': 'invalid_ticket', 4: 'invalid_ticket' },
  'refuse-uma-token-403': { '3.1.4': 'x_error' },
};

const OUTCOME_ERRORS: Readonly<Record<string, { readonly name: string; readonly code: string }>> = {
  need_info: { name: 'NeedInfoError', code: 'UMA_NEED_INFO' },
  invalid_ticket: { name: 'InvalidTicketError', code: 'UMA_INVALID_TICKET' },
  // The error code is not specific; the status decides.
  x_error: { name: 'RequestDeniedError', code: 'UMA_REQUEST_DENIED' },
};

const ALICE = {
  sub: 'alice',
  name: 'Alice Ünïcode €',
  given_name: 'Alice',
  family_name: 'A',
  email: 'alice@example.com',
  email_verified: true,
  updated_at: 1700000000,
};

/** Data of a reply. */
type Data = Readonly<Record<string, unknown>>;

/** The documented result of every success, by command. */
const RESULTS: Readonly<Record<string, (data: Data, call: RecordedCall) => unknown>> = {
  setup_client: withoutNulls,
  // oxd 4 adds the client, and a name with a trailing blank.
  register_site: ({ 'initiate_login_uri ': uri, ...members }) =>
    withoutNulls({ ...members, initiate_login_uri: uri }),
  update_site: ({ oxd_id }) => ({ oxd_id }),
  update_site_registration: ({ oxd_id }) => ({ oxd_id }),
  remove_site: ({ oxd_id }) => ({ oxd_id }),
  get_client_token: withScopeString,
  get_access_token_by_refresh_token: withScopeString,
  get_rp: ({ node }) => ({ node: documentedNode(node) }),
  get_authorization_url: ({ authorization_url }) => ({ authorization_url }),
  get_user_info: () => ({ claims: ALICE }),
  get_tokens_by_code: ({ access_token, refresh_token, id_token, expires_in }) => ({
    ...withoutNulls({ access_token, refresh_token, id_token }),
    ...(expires_in === -1 ? {} : { expires_in: 3600 }),
    // The claims of the ID token are compared as they were before oxd converted them to strings.
    id_token_claims: decodeJwt(String(id_token)),
  }),
  get_logout_uri: ({ uri }, { request }) => {
    const hint = request?.id_token_hint;
    const carriesIt = new URL(String(uri)).searchParams.has('id_token_hint');
    if (typeof hint !== 'string' || carriesIt) return { uri };
    return { uri: `${String(uri)}&id_token_hint=${hint}` };
  },
  introspect_access_token: ({ scopes, scope = scopes, ...members }) =>
    withScopeString({ ...members, scope }),
  uma_rs_protect: ({ oxd_id }) => ({ oxd_id }),
  uma_rs_modify: ({ oxd_id }) => ({ oxd_id }),
  uma_rs_check_access: withoutNulls,
  uma_rp_get_rpt: ({ updated, ...members }) => ({ ...withoutNulls(members), upgraded: updated }),
  uma_rp_get_claims_gathering_url: ({ url, state }) => ({ url, state }),
  introspect_rpt: withoutNulls,
};

/** Error codes that oxd misspells. */
const CODES: Readonly<Record<string, string>> = {
  invalid_scope_expressioin: 'invalid_scope_expression',
};

function withoutNulls(data: Data): Data {
  const members = Object.entries(data).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(members);
}

/** oxd 4 sends scopes as a list. */
function withScopeString({ scope, ...members }: Data): Data {
  return withoutNulls({ ...members, scope: Array.isArray(scope) ? scope.join(' ') : scope });
}

/** Names of oxd 4 in the record of a site, and those of oxd 3.1. */
function documentedNode(node: unknown): unknown {
  if (Array.isArray(node)) return node;
  const { redirect_uri, ...record } = node as Data;
  const [logout_redirect_uri] = (record.logout_redirect_uris as unknown[] | undefined) ?? [];
  return withoutNulls({ ...record, authorization_redirect_uri: redirect_uri, logout_redirect_uri });
}

/** Result of a command, or its error. */
export interface Outcome {
  readonly result?: unknown;
  readonly raised?: unknown;
}

function outcomeOfUma(version: FactsOf, { story, command }: RecordedCall, data: Data) {
  const error = command === 'uma_rp_get_rpt' ? OUTCOMES[story]?.[version] : undefined;
  if (error === undefined) return undefined;
  const { ticket, required_claims, redirect_user } = (data.details ?? {}) as Data;
  const info = error === 'need_info' ? { ticket, required_claims, redirect_user } : {};
  return { ...OUTCOME_ERRORS[error], error, command, mayHaveRun: false, ...info };
}

/**
 * The documented outcome of a reply that is from oxd, from the reply and the tables above alone.
 */
export function documentedOutcome(
  version: FactsOf,
  call: RecordedCall,
  { status, data }: RecordedReply,
): Outcome {
  const { story, command } = call;
  const refused = { name: 'OxdCommandError', code: 'OXD_COMMAND_FAILED', command };
  if (status === 'error') {
    const raised = outcomeOfUma(version, call, data);
    if (raised) return { raised };
    const { error, error_description } = data;
    const description = error_description === undefined ? {} : { error_description };
    return { raised: { ...refused, error: CODES[String(error)] ?? error, ...description } };
  }
  const hidden = command === 'get_authorization_url' ? undefined : HIDDEN_FAILURES[story];
  // oxd 4 passes the error of the provider on.
  const { error = hidden } = data;
  if (hidden) return { raised: { ...refused, error, mayHaveRun: true } };
  return { result: RESULTS[command]?.(data, call) };
}
