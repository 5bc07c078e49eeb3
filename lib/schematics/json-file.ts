/** Object of a JSON file. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Member of a JSON object that is an object itself; otherwise an empty object. */
export function objectAt(json: JsonObject, name: string): JsonObject {
  const member = json[name];
  return isObject(member) ? member : {};
}

/**
 * Parses the text of a JSON file.
 *
 * @throws {Error} when it is not a JSON object; the message names the file
 */
export function parseJsonFile(path: string, text: string): JsonObject {
  const json = parsed(text);
  if (isObject(json)) return json;
  throw new Error(
    `${path} is not a JSON object: correct it, then run "nest add nestjs-oxd" again.`,
  );
}

/** Text of a JSON file with the indentation and the line breaks of its former text. */
export function jsonText(json: JsonObject, former: string): string {
  const indentation = /^[{[]\r?\n([ \t]+)/.exec(former)?.[1] ?? '  ';
  const end = /\n$/.test(former) ? '\n' : '';
  const text = JSON.stringify(json, undefined, indentation) + end;
  return former.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
