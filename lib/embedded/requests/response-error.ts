import { objectOf, parseJson, textOf } from '../../base/json.js';
import { ProviderResponseError } from './operation-error.js';
import type { ProviderResponse } from './provider-http.js';

/** Error of a response: its status, error code and description. */
export function responseError({ status, text }: ProviderResponse): ProviderResponseError {
  const body = objectOf(parseJson(text));
  return new ProviderResponseError(status, textOf(body?.error), textOf(body?.error_description));
}
