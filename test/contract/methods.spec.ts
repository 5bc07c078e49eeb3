import { COMMAND_RULES } from '../../lib/commands/command-rules.js';
import { OidcService } from '../../lib/oidc/oidc.service.js';
import { UmaService } from '../../lib/uma/uma.service.js';

it('every command has a method of OidcService or UmaService', () => {
  const methods = [OidcService, UmaService].map(({ prototype }) => prototype as object);
  const missing = Object.keys(COMMAND_RULES)
    .map(methodOf)
    .filter((name) => !methods.some((service) => name in service));
  expect(missing).toEqual([]);
});

/** Returns `getRpt` for `uma_rp_get_rpt`. */
function methodOf(command: string): string {
  return command
    .replace(/^uma_r[sp]_/, '')
    .replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
