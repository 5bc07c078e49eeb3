import { parseJson } from '../../lib/base/json.js';
import { httpsPath } from '../../lib/commands/dialect/https-paths.js';
import { OxdServer, type OxdServerOptions } from '../../lib/testing/testing.js';
import { HttpsClient } from './https-client.js';
import { registerSecret } from './secrets.js';

/** Response of a REST API. */
export interface RestAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
  /** The parsed body. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** Request to a REST API. */
type Ask = (
  command: string,
  body?: object | string,
  headers?: Readonly<Record<string, string>>,
) => Promise<RestAnswer>;

/** `OxdServer` with the REST API, and a client of it. */
export interface RestWorld {
  readonly server: OxdServer;
  /** Sends a command by its name. */
  readonly ask: Ask;
  close(): Promise<void>;
}

/** Starts an `OxdServer` with the REST API. */
export async function startRest(options: OxdServerOptions): Promise<RestWorld> {
  const server = await OxdServer.start({
    ...{ allowInsecureRequests: true, onSecret: registerSecret },
    ...options,
  });
  const client = new HttpsClient(server.url, server.ca);
  const ask: Ask = async (command, body = {}, headers = {}) => {
    const path = httpsPath(options.version ?? '4.5', command) ?? `/${command}`;
    const { status, contentType, body: text } = await client.ask({ path, body, headers });
    return { status, contentType, text, json: (parseJson(text) ?? {}) as RestAnswer['json'] };
  };
  const close = async (): Promise<void> => {
    await client.close();
    await server.close();
  };
  return { server, ask, close };
}
