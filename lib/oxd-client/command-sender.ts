import type { ExecuteOptions, OxdTransport } from '../commands/oxd-transport.js';
import type { CommandName, Params, Result } from '../commands/command.js';
import { fromWire, fromWireError, toWire } from '../commands/dialect/dialect.js';

/** Sends one command and returns its result in the form of the contract. */
export type Send = <C extends CommandName>(
  command: C,
  params: Params<C>,
  options?: ExecuteOptions,
) => Promise<Result<C>>;

/** Returns a sender that translates commands and results to the version of a transport. */
export function sender(transport: OxdTransport): Send {
  const { version } = transport;
  if (transport.isChecked) return uncheckedSender(transport);
  return (command, params, options) => {
    try {
      const wire = toWire(version, command, params);
      return transport.execute(wire.command, wire.params, options).then(
        (data) => fromWire(version, command, params, data),
        (error: unknown) => {
          throw fromWireError(version, command, params, error);
        },
      );
    } catch (error) {
      return Promise.reject(error);
    }
  };
}

/**
 * Sender for a transport that checks commands itself. Only the introspection of an access token has
 * properties as the provider sent them, except with parameter `introspection`: then the transport has
 * verified the token.
 */
function uncheckedSender(transport: OxdTransport): Send {
  return <C extends CommandName>(command: C, params: Params<C>, options?: ExecuteOptions) => {
    const result = transport.execute(command, params as Record<string, unknown>, options);
    const isRaw =
      command === 'introspect_access_token' &&
      !(params as Params<'introspect_access_token'>).introspection;
    if (!isRaw) return result as Promise<Result<C>>;
    return result.then((data) => fromWire(transport.version, command, params, data));
  };
}
