/** Releases of oxd between which commands or params changed, oldest first. */
export const RELEASES = ['3.1.1', '3.1.2', '3.1.3', '3.1.4', '4.0', '4.2'] as const;

/** One of {@link RELEASES}; stands for all up to the next one. */
export type Release = (typeof RELEASES)[number];

/** A run of releases, both ends included; an end left out is open. */
export interface Span {
  readonly since?: Release;
  readonly until?: Release;
}

/** What oxd does with one param of one command. */
export interface ParamRule extends Span {
  /** False where no oxd acts on it. */
  readonly oxd?: false;
  /** False where only oxd acts on it. */
  readonly embedded?: false;
  /** Where a release lacks it, it is left out instead of refused: nothing is lost by that. */
  readonly lacking?: 'drop';
  /** Its name where that differs from the contract. */
  readonly spelled?: Span & { readonly as: string };
  /** oxd puts it into a URL as it is, so it goes there percent-encoded. */
  readonly encoded?: true;
  /** What it may not contain. */
  readonly excludes?: { readonly pattern: RegExp; readonly because: string } & RejectionCode;
  /** Values of this form are left out: these releases would take them for more than they are. */
  readonly never?: Span & { readonly pattern: RegExp };
  /** The value that says the same as leaving it out, as far as a release without it can tell. */
  readonly absentAs?: unknown;
  /** It is a list of objects with these members, and no others. */
  readonly items?: Readonly<Record<string, ParamRule>>;
}

/** How a call is refused before it is sent. */
export interface RejectionCode {
  /** oxd's own word, where later releases refuse the same; default: this release cannot do it. */
  readonly error?: string;
}

/** A param that a call cannot go without; what is blank is not there. */
export interface Requirement extends Span, RejectionCode {
  readonly param: string;
  /** Only where this param is there. */
  readonly beside?: string;
  readonly because: string;
}

/** What oxd does with one command. */
export interface CommandRule<P> extends Span {
  /** Its name where that differs from the contract. */
  readonly spelled?: Span & { readonly as: string };
  readonly params: ParamRules<P>;
  readonly demands?: readonly Requirement[];
}

/** A rule for each param. */
export type ParamRules<P> = { readonly [N in keyof Required<P>]: ParamRule };

/** Every release acts on it. */
export const KNOWN: ParamRule = {};

/** oxd 3.1.2 and later act on it. */
export const SINCE_3_1_2: ParamRule = { since: '3.1.2' };

/** oxd 4.0 and later act on it. */
export const SINCE_4_0: ParamRule = { since: '4.0' };

/** oxd 4.2 and later act on it. */
export const SINCE_4_2: ParamRule = { since: '4.2' };

/** oxd puts it into URLs as it is. */
export const RAW: ParamRule = {
  encoded: true,
  excludes: { pattern: /\p{Surrogate}/u, because: 'it holds half of a character' },
};

/** Releases before 3.1.4 do not ask for it at this command. */
export const PROTECTION_LATE: ParamRule = { since: '3.1.4', lacking: 'drop' };

/** The params of a command for a site. */
export const SITE = { oxd_id: KNOWN, protection_access_token: KNOWN };

/** Whether a release of oxd lies within a run of releases. */
export function within(release: Release, span: Span): boolean {
  if (!span.since && !span.until) return true;
  const position = RELEASES.indexOf(release);
  return (
    position >= RELEASES.indexOf(span.since ?? '3.1.1') &&
    position <= RELEASES.indexOf(span.until ?? '4.2')
  );
}

/** Whether a release of oxd acts on a param. */
export function knows(release: Release, rule: ParamRule): boolean {
  return rule.oxd !== false && within(release, rule);
}
