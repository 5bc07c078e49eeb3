import {
  clientAuthentication,
  isStaticAuthentication,
} from '../registration/client-configuration.js';
import type { ClientRecord } from '../registration/site-record.js';
import type { Provider } from '../provider/provider.js';
import { FORM_HEADERS } from '../requests/form-headers.js';

/** Request of a form that authenticates its client. */
export interface ClientForm {
  readonly method: 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Authentication that is equal in every form of a client at a provider. */
interface StaticParts {
  readonly provider: Provider;
  readonly headers: Readonly<Record<string, string>>;
  /** Form parameters, encoded. */
  readonly parameters: string;
}

/** Forms that clients send; the headers of secrets are built once for each record of a client. */
export class ClientForms {
  // `#` instead of `private`, so that no printed object shows secrets.
  readonly #parts = new WeakMap<ClientRecord, StaticParts>();

  /**
   * Form with the authentication of a client.
   *
   * @param form parameters of the form, encoded
   * @throws {OperationError} `bad_request` if the authentication method of the client is not supported
   * @see RFC 6749 §2.3.1
   */
  async build(provider: Provider, client: ClientRecord, form: string): Promise<ClientForm> {
    if (!isStaticAuthentication(provider, client)) {
      const whole = new URLSearchParams(form);
      const headers = await authenticate(provider, client, whole);
      return { method: 'POST', headers, body: whole.toString() };
    }
    const known = this.#parts.get(client);
    const { headers, parameters } =
      known?.provider === provider ? known : await this.#retain(provider, client);
    return { method: 'POST', headers, body: parameters === '' ? form : `${form}&${parameters}` };
  }

  async #retain(provider: Provider, client: ClientRecord): Promise<StaticParts> {
    const form = new URLSearchParams();
    const headers = await authenticate(provider, client, form);
    const parts = { provider, headers, parameters: form.toString() };
    this.#parts.set(client, parts);
    return parts;
  }
}

/** Headers of a form; some authentication methods add parameters to the form. */
async function authenticate(
  provider: Provider,
  client: ClientRecord,
  form: URLSearchParams,
): Promise<Readonly<Record<string, string>>> {
  const headers = new Headers(FORM_HEADERS);
  const authentication = clientAuthentication(provider, client);
  // Typed as synchronous, but client_secret_jwt returns a promise.
  await Promise.resolve(authentication(provider.metadata, { ...client }, form, headers));
  return Object.fromEntries(headers);
}
