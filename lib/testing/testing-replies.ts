import { randomUUID } from 'node:crypto';
import type { UmaPermission } from '../commands/uma.js';
import type { OxdUserProfile } from '../oidc/user-profile.js';
import type { ScriptedReplies } from './scripted-transport.js';

/** Values in the replies to an application under test. */
export interface ReplyValues {
  /** Id of the site. */
  readonly oxd_id: string;
  /** Issuer of the provider and the authorization server. */
  readonly issuer: string;
  /** RPT that grants access. */
  readonly rpt: string;
  /** Permissions of the RPT. */
  readonly permissions: readonly UmaPermission[];
  /** User who logs in; undefined: no login succeeds. */
  readonly user?: OxdUserProfile;
}

/** Replies to the commands of the guards and of a login. */
export function testingReplies(values: ReplyValues): ScriptedReplies {
  const { oxd_id, issuer, user } = values;
  return {
    get_authorization_url: () => ({
      authorization_url: `${issuer}/authorize?state=${randomUUID()}`,
    }),
    introspect_access_token: { active: false },
    uma_rs_protect: { oxd_id },
    uma_rs_check_access: ({ rpt }) => (rpt === values.rpt ? granted(values) : denied(issuer)),
    ...(user && loginReplies(user)),
  };
}

function loginReplies({ claims, tokens }: OxdUserProfile): ScriptedReplies {
  return {
    get_tokens_by_code: { ...tokens, id_token_claims: claims },
    get_user_info: { claims },
  };
}

function granted({ permissions, user }: ReplyValues) {
  return { access: 'granted', permissions, ...(user && { sub: user.sub }) } as const;
}

function denied(issuer: string) {
  const ticket = `ticket-${randomUUID()}`;
  const header = `UMA as_uri="${issuer}", ticket="${ticket}"`;
  return { access: 'denied', ticket, 'www-authenticate_header': header } as const;
}
