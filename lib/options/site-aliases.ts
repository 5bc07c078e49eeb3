import { contractSpelling, namedTwice, SITE_ALIASES } from '../commands/aliases.js';
import { isJsonObject } from '../base/json.js';

/** Options of a module whose site is not validated yet; undefined if an application passes none. */
type Given<T> = T & { readonly site?: unknown };

/** Returns options with the parameters of the site under their names in the contract. */
export function withContractSite<T>(options: Given<T>): Given<T> {
  const site = options?.site;
  return isJsonObject(site) ? { ...options, site: contractSpelling(SITE_ALIASES, site) } : options;
}

/** Returns a problem, as `path: message`, for each parameter of the site under both names. */
export function aliasIssues(options: Given<unknown>): string[] {
  const site = options?.site;
  const pairs = isJsonObject(site) ? namedTwice(SITE_ALIASES, site) : [];
  return pairs.map(
    ([alias, name]) => `site.${alias}: is another name of site.${name}; set one of them`,
  );
}
