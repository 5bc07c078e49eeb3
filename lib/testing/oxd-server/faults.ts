import type { FrameDelivery } from '../frames/frame-answer.js';

/** Disturbance of a reply on its way to the client. The command itself is executed in any case. */
export type OxdServerFault =
  | FrameDelivery
  | ({
      /**
       * Bytes to send instead of the reply: over TCP without a length before them, over HTTPS as the
       * body.
       */
      readonly raw: string | Uint8Array;
      /** HTTPS: status of the response; default 200. */
      readonly status?: number;
      /** HTTPS: content type of the response; default `application/json`. */
      readonly contentType?: string;
    } & FrameDelivery)
  | {
      /** Sends no reply and leaves the connection open. */
      readonly hang: true;
    }
  | {
      /** Sends no reply and closes the connection. */
      readonly drop: true;
    };

/** Fault that replaces the reply. */
export type Replacement = Extract<
  OxdServerFault,
  { readonly raw: unknown } | { readonly hang: unknown } | { readonly drop: unknown }
>;

/** Faults of the replies to commands, by the names of the commands on the wire. */
export class Faults {
  private readonly faults = new Map<string, OxdServerFault>();

  /** Sets the fault of a command; undefined removes it. */
  set(command: string, fault: OxdServerFault | undefined): void {
    if (fault) this.faults.set(command, fault);
    else this.faults.delete(command);
  }

  /** Returns the reply to a command with its fault. */
  disturb<A extends object>(command: string, reply: A): (A & FrameDelivery) | Replacement {
    const fault = this.faults.get(command);
    return fault && isReplacement(fault) ? fault : { ...reply, ...fault };
  }
}

function isReplacement(fault: OxdServerFault): fault is Replacement {
  return 'raw' in fault || 'hang' in fault || 'drop' in fault;
}
