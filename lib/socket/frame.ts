import { isAscii } from 'node:buffer';
import { OxdTransportError } from '../base/errors.js';

/** Longest body of a frame, in UTF-16 code units. */
export const MAX_UNITS = 9999;

const PREFIX = 4;

/**
 * Puts the length before a text: four digits, counted in UTF-16 code units. The result is sent
 * as UTF-8.
 *
 * @param command named in the error
 * @throws {OxdTransportError} OXD_TRANSPORT_TOO_LARGE above 9999 units
 */
export function encodeFrame(text: string, command?: string): string {
  if (text.length <= MAX_UNITS) return String(text.length).padStart(PREFIX, '0') + text;
  throw new OxdTransportError(
    'OXD_TRANSPORT_TOO_LARGE',
    `The request is ${text.length} characters long and oxd-server reads at most ${MAX_UNITS}; nothing was sent. Shorten its params.`,
    { command },
  );
}

/** Takes the text out of one frame after another, however the network has cut them. */
export class FrameDecoder {
  private readonly utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  private text = '';
  /** Whether nothing but ASCII has come of this frame: then a byte is a character. */
  private ascii = true;

  /**
   * Reads on.
   *
   * @param command named in the error
   * @returns the text of the frame once it is complete
   * @throws {OxdTransportError} OXD_TRANSPORT_MALFORMED when this is not one frame in UTF-8 and
   *   nothing after it; the decoder is of no more use then
   */
  push(bytes: Buffer, command?: string): string | undefined {
    const text = this.text + this.decode(bytes, command);
    this.text = text;
    const end = PREFIX + lengthOf(text);
    if (Number.isNaN(end)) throw malformed('no length', command);
    if (text.length < PREFIX) return undefined;
    if (end === PREFIX) throw malformed('no body', command);
    if (text.length < end) return undefined;
    if (text.length > end || this.isInsideCharacter(bytes)) throw malformed('more', command);
    this.text = '';
    this.ascii = true;
    return text.slice(PREFIX);
  }

  private decode(bytes: Buffer, command?: string): string {
    this.ascii &&= isAscii(bytes);
    if (this.ascii) return bytes.toString('latin1');
    try {
      return this.utf8.decode(bytes, { stream: true });
    } catch {
      throw malformed('no UTF-8', command);
    }
  }

  /** Bytes of an unfinished character do not show in `text`. */
  private isInsideCharacter(bytes: Buffer): boolean {
    if ((bytes[bytes.length - 1] ?? 0) < 0x80) return false;
    try {
      this.utf8.decode();
      return false;
    } catch {
      return true;
    }
  }
}

/** The length that a frame begins with, as far as it is there; NaN for anything but digits. */
function lengthOf(text: string): number {
  let length = 0;
  for (let at = 0; at < PREFIX && at < text.length; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    length = digit >= 0 && digit <= 9 ? length * 10 + digit : NaN;
  }
  return length;
}

const PROBLEMS = {
  'no length': 'it does not begin with a length of four digits',
  'no body': 'its length is 0000',
  'no UTF-8': 'it is not UTF-8',
  more: 'it is longer than its length says',
} as const;

function malformed(problem: keyof typeof PROBLEMS, command?: string): OxdTransportError {
  return new OxdTransportError(
    'OXD_TRANSPORT_MALFORMED',
    `The reply is not a frame of oxd-server: ${PROBLEMS[problem]}. Check that transport.host and transport.port are those of oxd-server.`,
    { command, mayHaveRun: true },
  );
}
