import {
  createParamDecorator,
  type ExecutionContext,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import type { UmaPermission } from '../../commands/uma.js';
import { rptContextOf } from './rpt-context.js';

/**
 * Type of `@Rpt()`. Explicit, because the type that Nest 12 infers refers to a type that Nest 11
 * does not export.
 *
 * @param partOrPipes `'sub'` for the subject; pipes for the value, as with `@Param()`
 */
export type RptParamDecorator = (
  ...partOrPipes: readonly ('sub' | Type<PipeTransform> | PipeTransform)[]
) => ParameterDecorator;

/**
 * Injects the permissions of the request's RPT, or with `'sub'` the subject for whom it was issued.
 * Undefined on public routes, on oxd, which returns neither (call `UmaService.introspectRpt()`),
 * and for a subject that is not certain.
 */
export const Rpt: RptParamDecorator = createParamDecorator(
  (
    part: 'sub' | undefined,
    context: ExecutionContext,
  ): readonly UmaPermission[] | string | undefined => {
    const rpt = rptContextOf(context.switchToHttp().getRequest<object>());
    return part === 'sub' ? rpt?.sub : rpt?.permissions;
  },
);
