import { isJsonObject, parseJson, textOf } from '../../base/json.js';
import type { ServerCommand } from './context.js';
import { textReply } from './dropwizard.js';
import { ExactReply, nullReply } from './exact-reply.js';
import { unexpected } from './reply.js';
import { propertiesOf } from './uma-replies.js';
import { scopesIn } from './values.js';

/**
 * oxd 4 returns the JSON document of the provider, whatever its status.
 *
 * @see oxd command get_user_info
 */
export const getRestUserInfo: ServerCommand = async (context, { access_token }, { oxd_id }) => {
  const provider = await context.options.servers.providerOf('get_user_info', oxd_id);
  const { text } = await provider.userInfo(textOf(access_token) ?? '');
  if (text === '') return nullReply();
  if (!isJsonObject(parseJson(text))) throw unexpected();
  return new ExactReply(textReply(200, text));
};

/** @see oxd command introspect_access_token */
export const introspectRestAccessToken: ServerCommand = async (context, params, { oxd_id }) => {
  const token = textOf(params.access_token);
  if (token === undefined) return { active: false };
  const provider = await context.options.servers.providerOf('introspect_access_token', oxd_id);
  const answer = await provider.introspect(token);
  if (answer.status < 400 && answer.text === '') return nullReply();
  const found = propertiesOf(context, 'introspection', answer);
  const scope = found.scope ?? found.scopes;
  return {
    active: found.active === true,
    scope: scope === undefined ? null : scopesIn(scope),
    ...Object.fromEntries(PROPERTIES.map((name) => [name, found[name] ?? null])),
  };
};

const PROPERTIES = 'client_id username token_type exp iat sub aud iss jti acr_values'.split(' ');
