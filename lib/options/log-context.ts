import { DEFAULT_NAME, type OxdOptions } from './oxd.options.js';

/** Returns the context of log lines: the component, and the name of the module if it is not the default. */
export function logContext(component: string, { name }: Pick<OxdOptions, 'name'>): string {
  return name === DEFAULT_NAME ? component : `${component} ${name}`;
}
