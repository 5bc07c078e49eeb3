/** Releases of oxd that changed commands or parameters, oldest first. */
export const RELEASES = ['3.1.1', '3.1.2', '3.1.3', '3.1.4', '4.0', '4.1', '4.2', '4.5'] as const;

/** One of {@link RELEASES}; stands for itself and all releases before the next one. */
export type Release = (typeof RELEASES)[number];

/** Range of releases, both ends included; an omitted end is open. */
export interface Span {
  readonly since?: Release;
  readonly until?: Release;
}

/** Returns true if a release lies within a range of releases. */
export function within(release: Release, span: Span): boolean {
  if (!span.since && !span.until) return true;
  const position = RELEASES.indexOf(release);
  return (
    position >= RELEASES.indexOf(span.since ?? '3.1.1') &&
    position <= RELEASES.indexOf(span.until ?? '4.5')
  );
}
