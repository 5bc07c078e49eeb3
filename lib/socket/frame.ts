import { OxdTransportError } from '../base/errors.js';

/** Maximum length of a frame's body, in UTF-16 code units. */
export const MAX_UNITS = 9999;

const PREFIX = 4;

/** Character of a string in Latin-1 that is not ASCII. */
const NOT_ASCII = /[\u0080-\u00ff]/;

/**
 * Encodes a body as a frame: prefixes its length as four digits, counted in UTF-16 code units. The
 * result is sent as UTF-8.
 *
 * @param command named in the error
 * @throws {OxdTransportError} OXD_TRANSPORT_TOO_LARGE above 9999 units
 */
export function encodeFrame(text: string, command?: string): string {
  if (text.length <= MAX_UNITS) return String(text.length).padStart(PREFIX, '0') + text;
  throw new OxdTransportError(
    'OXD_TRANSPORT_TOO_LARGE',
    `The request is ${text.length} characters long; oxd-server reads at most ${MAX_UNITS}. Nothing was sent. Shorten the parameters.`,
    { command },
  );
}

/** Decodes the bodies of successive frames, however the network has split them. */
export class FrameDecoder {
  private readonly utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  private text = '';
  /** True while this frame consists of ASCII only, so that each byte is one character. */
  private ascii = true;

  /**
   * Decodes the next bytes: the first `size` of a buffer. Retains no part of the buffer, because the
   * next bytes overwrite it.
   *
   * @param command named in the error
   * @returns the body of the frame once it is complete; undefined before
   * @throws {OxdTransportError} OXD_TRANSPORT_MALFORMED when the bytes are not exactly one frame in
   *   UTF-8; the decoder must not be used afterwards
   */
  push(buffer: Buffer, size: number, command?: string): string | undefined {
    const text = this.text + this.decode(buffer, size, command);
    this.text = text;
    const end = PREFIX + lengthOf(text);
    if (Number.isNaN(end)) throw malformed('no length', command);
    if (text.length < PREFIX) return undefined;
    if (end === PREFIX) throw malformed('no body', command);
    if (text.length < end) return undefined;
    if (text.length > end || this.isInsideCharacter(buffer[size - 1]))
      throw malformed('more', command);
    this.text = '';
    this.ascii = true;
    return text.slice(PREFIX);
  }

  private decode(buffer: Buffer, size: number, command?: string): string {
    if (this.ascii) {
      const text = buffer.toString('latin1', 0, size);
      if (!NOT_ASCII.test(text)) return text;
      this.ascii = false;
    }
    try {
      return this.utf8.decode(buffer.subarray(0, size), { stream: true });
    } catch {
      throw malformed('no UTF-8', command);
    }
  }

  /** True when the frame is followed by part of a character, which `text` does not contain. */
  private isInsideCharacter(lastByte = 0): boolean {
    if (lastByte < 0x80) return false;
    try {
      this.utf8.decode();
      return false;
    } catch {
      return true;
    }
  }
}

/** Length at the start of a frame, from the digits received so far; NaN for other characters. */
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
  more: 'it is longer than its length prefix states',
} as const;

function malformed(problem: keyof typeof PROBLEMS, command?: string): OxdTransportError {
  return new OxdTransportError(
    'OXD_TRANSPORT_MALFORMED',
    `The reply is not a frame of oxd-server: ${PROBLEMS[problem]}. Check that transport.host and transport.port are those of oxd-server.`,
    { command, mayHaveRun: true },
  );
}
