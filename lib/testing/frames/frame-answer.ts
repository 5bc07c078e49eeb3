/** How the bytes of an answer reach the client. */
export interface FrameDelivery {
  /** Sizes of the TCP segments in bytes, the last one for the rest: `[1]` is byte by byte. */
  readonly segments?: readonly number[];
  /** Time before the first byte, in milliseconds. */
  readonly delay?: number;
  /** Whether the connection is closed after the last byte. */
  readonly close?: boolean;
}

/**
 * What a {@link FrameHandler} answers: the text of a reply, alone or with how it is delivered, raw
 * bytes, or nothing.
 */
export type FrameAnswer =
  | string
  | (FrameDelivery & {
      /** The text of a reply. */
      readonly text: string;
    })
  | (FrameDelivery & {
      /** Bytes that are written as they are, without a length before them. */
      readonly raw: string | Uint8Array;
    })
  | {
      /** Says nothing, and the connection stays open. */
      readonly hang: true;
    }
  | {
      /** Says nothing, and the connection is closed. */
      readonly drop: true;
    };

/** Answers the text of one command. When it throws, the connection is closed without a reply. */
export type FrameHandler = (text: string) => FrameAnswer | Promise<FrameAnswer>;
