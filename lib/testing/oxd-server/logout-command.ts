import { textOf } from '../../base/json.js';
import { operationErrorCode } from './context.js';
import type { ServerCommand, ServerContext } from './context.js';
import { CommandFailure, unexpected } from './reply.js';
import type { ServerSite } from './store.js';
import { logoutUrl } from './urls.js';

/** @see oxd command get_logout_uri */
export const getLogoutUri: ServerCommand = async (context, params, site) => {
  const hint = hintOf(context, textOf(params.id_token_hint), site);
  const registered = context.since('3.1.4') && !context.isRest;
  const redirectUri =
    textOf(params.post_logout_redirect_uri) ??
    (registered ? site.post_logout_redirect_uri : undefined);
  return {
    uri: logoutUrl(await endSessionEndpoint(context, site.oxd_id), [
      ['id_token_hint', context.isRest ? undefined : hint],
      ['post_logout_redirect_uri', redirectUri],
      ['state', textOf(params.state)],
      ['session_state', textOf(params.session_state)],
      ['id_token_hint', context.isRest ? hint : undefined],
    ]),
  };
};

/** Up to 3.1.3 a hint is required, by default that of the last login; 3.1.4 sends none; 4.2 the given one. */
function hintOf(
  context: ServerContext,
  hint: string | undefined,
  site: ServerSite,
): string | undefined {
  if (context.isRest) return hint;
  if (context.since('3.1.4')) return undefined;
  const required = hint ?? site.id_token;
  if (required === undefined) throw unexpected();
  return required;
}

async function endSessionEndpoint(context: ServerContext, oxd_id: string): Promise<string> {
  try {
    const { uri } = await context.run('get_logout_uri', { oxd_id });
    const url = new URL(uri);
    for (const name of ['client_id', 'post_logout_redirect_uri']) url.searchParams.delete(name);
    return url.href;
  } catch (error) {
    if (operationErrorCode(error) !== 'no_end_session_endpoint_at_op') throw error;
    throw new CommandFailure('no_end_session_endpoint_at_op');
  }
}
