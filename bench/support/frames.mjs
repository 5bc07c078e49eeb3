// Frames of oxd: the length in four digits, and JSON in ASCII.

/** Encodes a value as a frame. */
export function encodeFrame(value) {
  const json = JSON.stringify(value);
  return String(json.length).padStart(4, '0') + json;
}

/** Bytes of the frame of a value. */
export function frameOf(value) {
  return Buffer.from(encodeFrame(value));
}

/** True once the characters read so far are a frame. */
export function isFrame(read) {
  return read.length >= 4 && read.length >= 4 + Number(read.slice(0, 4));
}
