import type { ExecutionContext } from '@nestjs/common';
import type { MatchedRoute } from '../../routes/route-table.js';
import type { RouteParams } from './resource-path.js';

/** Parts of a request on which access depends; the URL is not among them. */
export interface AccessRequest {
  /** Returns the name of the handler, as `AlbumsController.find`. */
  readonly handler: () => string;
  readonly route: MatchedRoute;
  /** HTTP method of the request. */
  readonly method: string;
  readonly params: RouteParams;
  readonly context: ExecutionContext;
  /** Request of the platform. Only the module for tests reads it, never a real decision. */
  readonly source: object;
  /** Reads the RPT; not called for public routes. */
  readonly rpt: () => string | undefined | Promise<string | undefined>;
}
