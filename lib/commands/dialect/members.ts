/** Members of a reply. */
export type Members = Readonly<Record<string, unknown>>;

/** Whether this is an object of JSON. */
export function isJsonObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The members that say something. `__proto__` as a name is nobody's honest claim. */
export function present(members: Members): Record<string, unknown> {
  const said: Record<string, unknown> = {};
  for (const name of Object.keys(members)) {
    const value = members[name];
    if (value !== null && value !== undefined && name !== '__proto__') said[name] = value;
  }
  return said;
}
