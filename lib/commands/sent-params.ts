import { OxdCommandError } from '../base/errors.js';
import { withoutValues } from '../base/hidden-values.js';

/** Parameters of commands whose values must not be logged. */
const SECRET_PARAMS = [
  ...['client_secret', 'code', 'refresh_token', 'access_token', 'id_token', 'id_token_hint'],
  ...['rpt', 'ticket', 'claim_token', 'pct', 'state', 'nonce', 'protection_access_token'],
  ...['client_registration_access_token', 'software_statement'],
];

/** Parameters whose value is a map of further parameters, each of which may be a secret. */
const MAPS = ['params', 'custom_parameters'];

/**
 * Removes the secrets of the sent parameters from `message` and `error` of a command error: a
 * provider may quote them and oxd-server passes the quotation on. `error_description` is never
 * logged and stays unchanged.
 */
export function withoutSentParams(
  failure: unknown,
  params: Readonly<Record<string, unknown>>,
): unknown {
  if (!(failure instanceof OxdCommandError)) return failure;
  const maps = MAPS.flatMap((name) => valuesOf(params[name]));
  const sent = [...SECRET_PARAMS.map((name) => params[name]), ...maps.flat()]
    .filter((value) => typeof value === 'string')
    .filter((value) => value.trim() !== '');
  const values = sent.sort((one, other) => other.length - one.length);
  const message = withoutValues(failure.message, values);
  const error = withoutValues(failure.error, values);
  if (message === failure.message && error === failure.error) return failure;
  const { error_description, details, command, mayHaveRun, cause } = failure;
  const wire = { error, error_description, details };
  return new OxdCommandError(message, wire, { command, mayHaveRun, cause });
}

function valuesOf(map: unknown): unknown[] {
  return typeof map === 'object' && map !== null ? Object.values(map) : [];
}
