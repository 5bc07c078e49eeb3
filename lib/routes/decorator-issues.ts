import type { HttpRoute } from './http-routes.js';
import { isPublic, type Mark, type Marks } from './marks.js';

/**
 * Issues of the decorators of routes, each as `Controller.method: message`.
 *
 * @param markIssues returns the issues of the arguments of one decorator
 */
export function decoratorIssues<M extends Mark>(
  routes: readonly HttpRoute[],
  marks: Marks<M>,
  markIssues: (mark: M) => readonly string[],
): string[] {
  const targetIssues = (own: readonly M[], target: string): string[] => {
    const both = own.some(isPublic) && !own.every(isPublic);
    const { prefix } = marks;
    return [
      ...(both ? [`is both @${prefix}Protected and @${prefix}Public; remove one of them`] : []),
      ...own.flatMap(markIssues),
    ].map((issue) => `${target}: ${issue}`);
  };
  return routes.flatMap(({ controller, method, name }) => [
    ...targetIssues(marks.ofClass(controller), controller.name),
    ...targetIssues(marks.ofMethod(controller.prototype as object, method), name),
  ]);
}
