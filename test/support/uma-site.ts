import type { UmaResource, UmaRsProtectParams } from '../../lib/commands/uma.js';
import { RS, type FakeAs } from './fake-as.js';
import type { TestTransport } from './embedded-transport.js';

/** A resource with one condition. */
export function resource(path: string, httpMethods: string[], ...scopes: string[]): UmaResource {
  return { path, conditions: [{ httpMethods, scopes }] };
}

/** Resource of most tests. */
export const PHOTO = resource('/photo', ['GET'], 'view', 'all');

/** A site of the resource server. */
export function rsSite(transport: TestTransport, as: FakeAs): Promise<string> {
  return transport.site(as, RS);
}

/** A site with protected resources. */
export async function protectedSite(
  transport: TestTransport,
  as: FakeAs,
  ...resources: UmaRsProtectParams['resources']
): Promise<string> {
  const oxd_id = await rsSite(transport, as);
  await transport.run('uma_rs_protect', {
    oxd_id,
    resources: resources.length > 0 ? resources : [PHOTO],
  });
  return oxd_id;
}
