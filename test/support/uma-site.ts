import type { UmaResource, UmaRsProtectParams } from '../../lib/commands/uma.js';
import { RS, type FakeAs } from './fake-as.js';
import type { TestEngine } from './embedded-transport.js';

/** A resource with one condition. */
export function resource(path: string, httpMethods: string[], ...scopes: string[]): UmaResource {
  return { path, conditions: [{ httpMethods, scopes }] };
}

/** Resource of most tests. */
export const PHOTO = resource('/photo', ['GET'], 'view', 'all');

/** A site of the resource server. */
export function rsSite(engine: TestEngine, as: FakeAs): Promise<string> {
  return engine.site(as, RS);
}

/** A site with protected resources. */
export async function protectedSite(
  engine: TestEngine,
  as: FakeAs,
  ...resources: UmaRsProtectParams['resources']
): Promise<string> {
  const oxd_id = await rsSite(engine, as);
  await engine.run('uma_rs_protect', {
    oxd_id,
    resources: resources.length > 0 ? resources : [PHOTO],
  });
  return oxd_id;
}
