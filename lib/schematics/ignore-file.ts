/** Paths that Git must not store: both contain secrets. */
const IGNORED = ['.oxd', '.env'];

/** Text of `.gitignore`: the former text, and the paths that it lacks. */
export function ignoreFile(former = ''): string {
  const present = former.split(/\r?\n/).map((line) => line.trim().replace(/^\/|\/$/g, ''));
  const missing = IGNORED.filter((path) => !present.includes(path));
  if (missing.length === 0) return former;
  const start = former === '' ? '' : `${former.trimEnd()}\n\n`;
  return `${start}# Client and secrets of nestjs-oxd\n${missing.join('\n')}\n`;
}
