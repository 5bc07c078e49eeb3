/** Way in which the bytes of a reply reach the client. */
export interface FrameDelivery {
  /**
   * Sizes of the TCP segments, in bytes. The last size repeats: `[1]` sends byte by byte. Default
   * one segment.
   */
  readonly segments?: readonly number[];
  /** Time before the first byte, in milliseconds; default 0. */
  readonly delay?: number;
  /** Closes the connection after the last byte; default false. */
  readonly close?: boolean;
}

/**
 * Reply of a {@link FrameHandler}: the body of a frame, optionally with its delivery; raw bytes; or
 * no reply.
 */
export type FrameAnswer =
  | string
  | (FrameDelivery & {
      /** Body of the frame; the server writes its length before it. */
      readonly text: string;
    })
  | (FrameDelivery & {
      /** Bytes to write unchanged, without a length before them. */
      readonly raw: string | Uint8Array;
    })
  | {
      /** Sends no reply and leaves the connection open. */
      readonly hang: true;
    }
  | {
      /** Sends no reply and closes the connection. */
      readonly drop: true;
    };

/**
 * Returns the reply to one command, given the body of its frame. When the handler throws, the server
 * closes the connection without a reply.
 */
export type FrameHandler = (text: string) => FrameAnswer | Promise<FrameAnswer>;
