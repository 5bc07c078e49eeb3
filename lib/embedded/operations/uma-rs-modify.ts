import type { Operation } from '../context/operation-context.js';
import { modificationOf } from '../resources/modification.js';
import { modify } from '../resources/protect.js';

/**
 * Replaces the scopes of a protected resource, and its ticket scopes by them. Id, methods, policies
 * and the scopes that an administrator added stay. Checks use the new scopes at once. The change is
 * completed if the caller aborts, so that record and authorization server agree.
 *
 * @see oxd command uma_rs_modify; UMA Federated Authorization §3.2.3
 */
export const umaRsModify: Operation<'uma_rs_modify'> = async (context, params) => {
  const modification = modificationOf(params);
  const { oxd_id } = await context.site(params.oxd_id);
  await modify(context, oxd_id, modification);
  return { oxd_id };
};
