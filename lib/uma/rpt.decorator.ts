import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { UmaPermission } from '../commands/uma.js';
import { grantOf } from './grant.js';

/**
 * What `UmaGuard` saw of the request's RPT: its permissions, or with `'sub'` the subject it was
 * issued for. Undefined where neither is certain: on oxd, which tells neither (call
 * `UmaService.introspectRpt()`), and on public routes.
 */
export const Rpt = createParamDecorator(
  (
    part: 'sub' | undefined,
    context: ExecutionContext,
  ): readonly UmaPermission[] | string | undefined => {
    const grant = grantOf(context.switchToHttp().getRequest<object>());
    return part === 'sub' ? grant?.sub : grant?.permissions;
  },
);
