import fc from 'fast-check';
import { encodeFrame, FrameDecoder } from '../../lib/socket/frame.js';

const whole = (text: string): Buffer => Buffer.from(encodeFrame(text));

function decode(segments: readonly Buffer[]): (string | undefined)[] {
  const decoder = new FrameDecoder();
  const buffer = Buffer.alloc(16_384, 0xff);
  return segments.map((segment) => decoder.push(buffer, segment.copy(buffer)));
}

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const segments: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? bytes.length;
    segments.push(bytes.subarray(at, at + size));
    at += size;
  }
  return segments;
}

describe('encodeFrame', () => {
  it.each([
    ['ASCII', '{}', '0002{}'],
    ['two bytes', '"é"', '0003"é"'],
    ['three bytes', '"€"', '0003"€"'],
    ['an astral character, which counts twice', '"😀"', '0004"😀"'],
    ['a combining sequence', '"e\u0301"', '0004"e\u0301"'],
  ])('counts UTF-16 units: %s', (_name, text, frame) => {
    expect(encodeFrame(text)).toBe(frame);
  });

  it.each([
    ['ASCII', 'x'],
    ['three bytes each', '€'],
  ])('accepts 9999 units and rejects 10000: %s', (_name, character) => {
    expect(encodeFrame(character.repeat(9999)).slice(0, 4)).toBe('9999');
    expect(() => encodeFrame(character.repeat(10_000), 'register_site')).toThrow(
      expect.objectContaining({
        code: 'OXD_TRANSPORT_TOO_LARGE',
        command: 'register_site',
        mayHaveRun: false,
      }),
    );
  });

  it('rejects 5000 astral characters, which are 10000 units', () => {
    expect(() => encodeFrame('😀'.repeat(5000))).toThrow(/10000 characters/);
  });
});

describe('FrameDecoder', () => {
  const text = '{"name":"Zoë €uro 😀"}';

  it('reads a frame in one segment', () => {
    expect(decode([whole(text)])).toEqual([text]);
  });

  it('reads a frame byte by byte', () => {
    const replies = decode(cut(whole(text), [1]));
    expect(replies.at(-1)).toBe(text);
    expect(replies.slice(0, -1).every((reply) => reply === undefined)).toBe(true);
  });

  it.each([...whole(text).keys()].slice(1))('reads a frame cut after byte %i', (at) => {
    const segments = [whole(text).subarray(0, at), whole(text).subarray(at)];
    expect(decode(segments)).toEqual([undefined, text]);
  });

  it('ignores empty segments', () => {
    expect(decode([Buffer.alloc(0), whole(text)])).toEqual([undefined, text]);
  });

  it('reads frame after frame', () => {
    expect(decode([whole('{"a":1}'), whole('{"b":2}')])).toEqual(['{"a":1}', '{"b":2}']);
  });

  it.each([8187, 8188, 8189, 8192, 9999])(
    'reads a body of %i units around 8192 bytes',
    (length) => {
      const body = 'é'.repeat(length);
      expect(decode(cut(whole(body), [8192])).at(-1)).toBe(body);
    },
  );

  it('preserves a byte order mark', () => {
    expect(decode([whole('"\uFEFF"')])).toEqual(['"\uFEFF"']);
  });

  it.each([
    ['letters', 'abcd{}'],
    ['a first character that is no digit', 'H'],
    ['a sign', '+002{}'],
    ['a negative length', '-002{}'],
    ['a blank', ' 002{}'],
    ['a length of 0000', '0000'],
    ['an HTTP reply', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['a character after the frame', '0002{}x'],
    ['a newline after the frame', '0002{}\n'],
    ['a second frame in the same segment', '0002{}0002{}'],
    ['a length in bytes', '0004"é"x0003'],
  ])('rejects %s', (_name, bytes) => {
    expect(() => decode([Buffer.from(bytes)])).toThrow(
      expect.objectContaining({ code: 'OXD_TRANSPORT_MALFORMED', mayHaveRun: true }),
    );
  });

  it.each([
    ['a byte that UTF-8 does not know', [0xff]],
    ['half a character before the end', [0xc3, 0x22]],
    ['half a character after the frame', [0x22, 0xc3]],
  ])('rejects %s', (_name, bytes) => {
    const frame = Buffer.concat([
      Buffer.from(`000${bytes.includes(0xc3) ? 2 : 3}"`),
      Buffer.from(bytes),
    ]);
    expect(() => decode([frame])).toThrow(
      expect.objectContaining({ code: 'OXD_TRANSPORT_MALFORMED' }),
    );
  });

  it('waits for the rest of a frame', () => {
    expect(decode([Buffer.from('0010{}')])).toEqual([undefined]);
  });

  it('never quotes received bytes in errors', () => {
    expect(() => decode([Buffer.from('0002{}geheim')])).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('geheim') }),
    );
  });

  it('decodes any JSON value, however it is split', () => {
    fc.assert(
      fc.property(
        fc.json({ stringUnit: 'binary' }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (json, sizes) => {
          fc.pre(json.length <= 9999);
          const value: unknown = JSON.parse(json);
          const reply = decode(cut(whole(JSON.stringify(value)), sizes)).at(-1);
          expect(JSON.parse(reply ?? 'null')).toStrictEqual(value);
        },
      ),
      { numRuns: 500 },
    );
  });
});
