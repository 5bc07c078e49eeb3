import { within, type Release, type Span } from '../base/oxd-releases.js';
import type { ParameterKind, ParameterTypes } from '../site/parameter-kinds.js';
import type { ScopeExpression, UmaPushedClaims } from './uma.js';

/** Type of one parameter of one command, and its support and encoding by the releases of oxd. */
export interface ParamRule extends Span {
  /** Kind of the value; default `string`, and for a parameter with `items` a list of objects. */
  readonly kind?: ParameterKind;
  /** False if no release of oxd supports the parameter. */
  readonly oxd?: false;
  /** False if only oxd supports the parameter. */
  readonly embedded?: false;
  /** Omits the parameter, instead of rejecting it, for releases that do not support it. */
  readonly ifUnsupported?: 'omit';
  /** Name in releases that differ from the contract. */
  readonly spelled?: Span & { readonly as: string };
  /** Percent-encodes the value, because oxd copies it into a URL without encoding. */
  readonly encoded?: true;
  /** Sends the JSON string of the value, an object. */
  readonly asJson?: true;
  /** Values to reject. */
  readonly excludes?: Exclusion | readonly Exclusion[];
  /** Values to omit, because these releases misinterpret them. */
  readonly omits?: Span & { readonly pattern: RegExp };
  /** Value that releases without the parameter imply; it is omitted instead of rejected. */
  readonly defaultValue?: unknown;
  /** Rules of the items of a list of objects: these properties and no others. */
  readonly items?: Readonly<Record<string, ParamRule>>;
}

/** Error code of a command that is rejected before it is sent. */
export interface RejectionCode {
  /** Error code by which later releases of oxd reject the same; default: unsupported by this release. */
  readonly error?: string;
}

/** Values that releases do not receive: a string, each item of a list, each name of a map. */
export interface Exclusion extends Span, RejectionCode {
  readonly pattern: RegExp;
  readonly because: string;
}

/** List parameter that the client completes, because some releases do not. */
export interface ListRule extends Span {
  readonly list: string;
  /** Parameter that these releases do not have: its value becomes the first item of the list. */
  readonly first?: string;
  /** List to send if none is given. */
  readonly fallback?: readonly string[];
  /** Items to add to a given list. */
  readonly adds?: readonly string[];
}

/** Required parameter; a blank string and an empty list count as missing. */
export interface Requirement extends Span, RejectionCode {
  readonly param: string;
  /** Requires the parameter only if this one is set. */
  readonly with?: string;
  /** Requires the parameter only if this one is missing. */
  readonly without?: string;
  readonly because: string;
}

/** Support of one command by the releases of oxd. */
export interface CommandRule<P> extends Span {
  /** Name in releases that differ from the contract. */
  readonly spelled?: Span & { readonly as: string };
  readonly params: ParamRules<P>;
  readonly requires?: readonly Requirement[];
  readonly lists?: readonly ListRule[];
}

/** Rule of each parameter, with the kind that its type requires. */
export type ParamRules<P> = {
  readonly [N in keyof Required<P>]: ParamRule & RequiredKind<Required<P>[N]>;
};

type RequiredKind<V> = unknown extends V
  ? unknown
  : V extends string | readonly object[]
    ? unknown
    : V extends ScopeExpression | UmaPushedClaims
      ? { readonly asJson: true }
      : { readonly kind: KindOf<V> };

type KindOf<V> = {
  [K in ParameterKind]: V extends ParameterTypes[K] ? K : never;
}[ParameterKind];

/** Supported by every release. */
export const KNOWN: ParamRule = {};

/** List of strings that every release supports. */
export const STRINGS = { kind: 'strings' } as const satisfies ParamRule;

/** Supported by oxd 3.1.2 and later. */
export const SINCE_3_1_2: ParamRule = { since: '3.1.2' };

/** Supported by oxd 4.2 and later. */
export const SINCE_4_2: ParamRule = { since: '4.2' };

/** Copied into URLs by oxd without encoding. */
export const RAW: ParamRule = {
  encoded: true,
  excludes: { pattern: /\p{Surrogate}/u, because: 'it must not contain half of a surrogate pair' },
};

const AUTHORIZATION = {
  oxd_id: KNOWN,
  authorization_oxd_id: { since: '4.2', ifUnsupported: 'omit' },
} as const satisfies Readonly<Record<string, ParamRule>>;

/** Parameters of every command of a site. */
export const SITE = { ...AUTHORIZATION, protection_access_token: KNOWN };

/** {@link SITE} for commands that need a protection token from 3.1.4 on only. */
export const SITE_LATE = {
  ...AUTHORIZATION,
  protection_access_token: { since: '3.1.4', ifUnsupported: 'omit' },
} as const satisfies Readonly<Record<string, ParamRule>>;

/** Rejects values that oxd copies into URLs unchanged and then looks up or compares. */
export const URL_SAFE: Exclusion = {
  pattern: /[^\w.*-]/,
  because: 'oxd does not encode it: use ASCII letters, digits and the characters . * - _',
};

/** Rejects names that would change other query parameters. */
export const URL_SAFE_NAMES: Exclusion = {
  pattern: /[\s&=#+%?]/,
  because: 'oxd copies names into the URL without encoding',
};

/** Returns true if a release of oxd supports a parameter. */
export function supports(release: Release, rule: ParamRule): boolean {
  return rule.oxd !== false && within(release, rule);
}
