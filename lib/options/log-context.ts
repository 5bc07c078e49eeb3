import { DEFAULT_NAME, type OxdOptions } from './oxd.options.js';

/** Returns the context of log lines: names the module unless it has the default name. */
export function logContext(component: string, { name }: Pick<OxdOptions, 'name'>): string {
  return name === DEFAULT_NAME ? component : `${component} ${name}`;
}
