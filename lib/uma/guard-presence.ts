import type { ApplicationConfig } from '@nestjs/core';
import { UmaGuard } from './uma.guard.js';

/** Whether one of these is `UmaGuard` or a subclass, as a class or as an instance. */
export function hasUmaGuard(guards: readonly unknown[]): boolean {
  return guards.some(
    (guard) =>
      guard instanceof UmaGuard ||
      guard === UmaGuard ||
      (typeof guard === 'function' && guard.prototype instanceof UmaGuard),
  );
}

/** The guards of every route: `useGlobalGuards()` and `APP_GUARD`, request-scoped ones included. */
export function globalGuards(config: ApplicationConfig): unknown[] {
  const scoped = config.getGlobalRequestGuards();
  return [
    ...config.getGlobalGuards(),
    ...scoped.flatMap(({ metatype, instance }): unknown[] => [metatype, instance]),
  ];
}
