import {
  createParamDecorator,
  type ExecutionContext,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import type { UmaPermission } from '../../commands/uma.js';
import { rptContextOf } from './rpt-context.js';

/**
 * Type of `@Rpt()`. Written out, because the type that Nest 12 infers names a type which Nest 11 does
 * not export.
 *
 * @param partOrPipes `'sub'` for the subject, and pipes for the value, as with `@Param()`
 */
export type RptParamDecorator = (
  ...partOrPipes: readonly ('sub' | Type<PipeTransform> | PipeTransform)[]
) => ParameterDecorator;

/**
 * What `UmaGuard` saw of the request's RPT: its permissions, or with `'sub'` the subject it was
 * issued for. Undefined where neither is certain: on oxd, which tells neither (call
 * `UmaService.introspectRpt()`), and on public routes.
 */
export const Rpt: RptParamDecorator = createParamDecorator(
  (
    part: 'sub' | undefined,
    context: ExecutionContext,
  ): readonly UmaPermission[] | string | undefined => {
    const grant = rptContextOf(context.switchToHttp().getRequest<object>());
    return part === 'sub' ? grant?.sub : grant?.permissions;
  },
);
