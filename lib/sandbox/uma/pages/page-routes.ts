import { PageLogin } from '../../web/page-login.js';
import { beginClaimsGathering } from './claims-endpoint.js';
import { ClaimsGathering } from './claims-gathering.js';
import { UMA_PATHS } from '../metadata.js';
import { OwnerRequests } from './owner-requests.js';
import { runPage } from './page-request.js';
import { notAllowed } from '../endpoints/resource-endpoint.js';
import type { UmaServer } from '../uma-server.js';

const HANDLE = /^[\w-]+$/;

/** Adds the pages of UMA to the provider: claims gathering, and requests submitted to the owner. */
export function useUmaPages(uma: UmaServer): void {
  const login = new PageLogin(uma.provider, uma.users);
  const gathering = new ClaimsGathering(uma, login);
  const requests = new OwnerRequests(uma, login);
  uma.provider.use(async (context, next) => {
    const { path, method } = context;
    const handle = handleOf(path);
    if (handle !== undefined) return runPage(context, () => gathering.handle(context, handle));
    if (path === UMA_PATHS.requests) return runPage(context, () => requests.handle(context));
    if (path !== UMA_PATHS.claims) return next();
    return runPage(context, async () => {
      if (method !== 'GET') throw notAllowed('GET');
      await beginClaimsGathering(uma, context);
    });
  });
}

/** Handle of a claims gathering, from the path of its page. */
function handleOf(path: string): string | undefined {
  const folder = `${UMA_PATHS.claims}/`;
  const handle = path.startsWith(folder) ? path.slice(folder.length) : '';
  return HANDLE.test(handle) ? handle : undefined;
}
