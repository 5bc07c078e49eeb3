import { Injectable } from '@nestjs/common';
import { RouteTable } from '../../routes/route-table.js';
import type { BearerRequirement } from '../declarations/bearer-requirement.js';

/**
 * Routes that `BearerGuard` checks or opens, by controller and handler. The template is always empty: it
 * has no influence on the decision.
 */
@Injectable()
export class BearerRouteTable extends RouteTable<BearerRequirement | 'public'> {}
