import type { Span } from '../base/oxd-releases.js';

/** TypeScript type of each kind of parameter. A kind decides how a value is checked and read. */
export interface ParameterTypes {
  string: string;
  /** Absolute http or https URL. */
  url: string;
  /** Absolute http or https URL; of a native client also a URI with a private scheme. */
  redirect: string;
  /** Absolute http or https URL of a discovery document. */
  discovery: string;
  /** Path that begins with `/`. */
  path: string;
  /** JSON string. */
  json: string;
  number: number;
  boolean: boolean;
  strings: readonly string[];
  urls: readonly string[];
  /** List of `redirect`. */
  redirects: readonly string[];
  /** Regular expressions, which may contain commas. */
  patterns: readonly string[];
  /** Object of strings. */
  map: Readonly<Record<string, string>>;
}

/** Kind of a parameter. */
export type ParameterKind = keyof ParameterTypes;

/** Row of a table of site parameters: the releases of oxd since and until which it is known, and more. */
export interface SiteParameter extends Span {
  readonly kind: ParameterKind;
  /** Only valid values of a string. */
  readonly values?: readonly string[];
  /** Value that is always invalid. */
  readonly not?: string;
  /** Minimum of a number, or minimum length of a string or a list. */
  readonly min?: number;
  /** True for a value that must not be printed. */
  readonly secret?: true;
  /** True for a parameter that `register_site` requires. */
  readonly required?: true;
  /** False for a parameter that only oxd-server acts on; the embedded transport rejects it. */
  readonly embedded?: false;
  /** False for a parameter that no release of oxd acts on. */
  readonly oxd?: false;
  /** Value that a release without the parameter implies. */
  readonly defaultValue?: string;
  /**
   * Name at the provider (RFC 7591 §2, OpenID Connect Registration §2); default: the same name. False
   * for a parameter that is not sent, or not under one name.
   */
  readonly rfcName?: string | false;
  /** Differences of `update_site` on oxd from `register_site`. */
  readonly update?: Span & {
    /** False if no release of oxd can change the parameter. */
    readonly oxd?: false;
    /** Name in some releases. */
    readonly spelled?: Span & { readonly as: string };
  };
}

/** Table of site parameters by name. */
export type ParameterTable = Readonly<Record<string, SiteParameter>>;

/** Values of the parameters of a table, all optional. */
export type ParameterValues<T extends ParameterTable> = {
  readonly [N in keyof T]?: ParameterValue<T[N]>;
};

type ParameterValue<R extends SiteParameter> = R extends {
  readonly values: readonly (infer V)[];
}
  ? V
  : ParameterTypes[R['kind']];
