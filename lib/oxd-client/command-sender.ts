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
