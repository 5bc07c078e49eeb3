import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import type { GuardFamily, ModuleAuthorizer } from './guard-family.js';
import type { GuardReferences } from './http-routes.js';

/**
 * A guard that runs before a route, identified by the authorizer of its `OxdModule`. `replaced`:
 * another object runs instead of the guard. `unknown`: the authorizer cannot be determined.
 */
export type PresentGuard<A> = A | 'replaced' | 'unknown';

/**
 * Finds the guards of one family that Nest runs. A class in `@UseGuards()` is only a key: Nest runs
 * the instance of its container, which an override or an alias may have changed.
 */
export class PresentGuards<A extends ModuleAuthorizer> {
  private readonly replacements: ReadonlySet<unknown>;

  constructor(
    modules: ModulesContainer,
    private readonly family: GuardFamily<A>,
  ) {
    const wrappers = [...modules.values()].flatMap((module): InstanceWrapper[] => [
      ...module.providers.values(),
      ...module.injectables.values(),
    ]);
    const replaced = wrappers.filter(
      ({ token, instance }) => this.isGuardClass(token) && this.isReplacement(instance),
    );
    this.replacements = new Set(replaced.map(({ instance }): unknown => instance));
  }

  /** Guards of every route: `useGlobalGuards()` and `APP_GUARD`, request-scoped ones included. */
  ofApplication(config: ApplicationConfig): PresentGuard<A>[] {
    return [
      ...config.getGlobalGuards().map((guard) => this.ofInstance(guard)),
      ...config.getGlobalRequestGuards().map((wrapper) => this.ofWrapper(wrapper)),
    ].filter((guard) => guard !== undefined);
  }

  /** Guards that `@UseGuards()` names, on the method or the class. */
  ofReferences({ references, injectables }: GuardReferences): PresentGuard<A>[] {
    return references
      .map((reference) => {
        if (typeof reference !== 'function') return this.ofInstance(reference);
        const wrapper = injectables.get(reference);
        return wrapper && this.ofWrapper(wrapper);
      })
      .filter((guard) => guard !== undefined);
  }

  private ofWrapper(wrapper: InstanceWrapper): PresentGuard<A> | undefined {
    const { instance, metatype, token, isAlias } = wrapper as InstanceWrapper<unknown>;
    if (this.isBuilt(instance)) return this.ofInstance(instance);
    if (this.isGuardClass(metatype)) return this.injectedAuthorizer(wrapper) ?? 'unknown';
    if (this.isGuardClass(token)) return 'replaced';
    const [target] = isAlias ? dependenciesOf(wrapper) : [];
    return target ? this.ofWrapper(target) : this.ofInstance(instance);
  }

  private ofInstance(guard: unknown): PresentGuard<A> | undefined {
    const { family } = this;
    if (guard instanceof family.guard) return family.authorizerOf(guard) ?? 'unknown';
    return this.replacements.has(guard) ? 'replaced' : undefined;
  }

  /**
   * Authorizer that Nest injects into each instance of a request-scoped guard. NestJS 11 resolves the
   * constructor of some of these guards only at the first request; then the result is the authorizer of
   * the module that the guard's module imports.
   */
  private injectedAuthorizer(wrapper: InstanceWrapper): A | undefined {
    const { authorizer: type } = this.family;
    const dependencies = dependenciesOf(wrapper);
    const candidates = dependencies.length > 0 ? dependencies : importedProviders(wrapper, type);
    const instances = candidates.filter(({ token }) => token === type);
    const [authorizer, ...others] = new Set(instances.map(({ instance }): unknown => instance));
    return authorizer instanceof type && others.length === 0 ? authorizer : undefined;
  }

  private isGuardClass(target: unknown): boolean {
    const { guard } = this.family;
    return typeof target === 'function' && (target === guard || target.prototype instanceof guard);
  }

  /** False for the placeholder of a request-scoped guard: its constructor has not run. */
  private isBuilt(instance: unknown): boolean {
    const { family } = this;
    return instance instanceof family.guard && family.authorizerOf(instance) !== undefined;
  }

  private isReplacement(instance: unknown): boolean {
    const isObject = typeof instance === 'object' && instance !== null;
    return isObject && !(instance instanceof this.family.guard);
  }
}

function importedProviders({ host }: InstanceWrapper, token: GuardFamily['authorizer']) {
  const imports = [...(host?.imports ?? [])].filter((module) => module.exports.has(token));
  return imports.flatMap((module) => module.providers.get(token) ?? []);
}

function dependenciesOf(wrapper: InstanceWrapper): InstanceWrapper[] {
  const dependencies = wrapper.getCtorMetadata() as readonly (InstanceWrapper | undefined)[];
  return [...(dependencies ?? [])].flatMap((dependency) => dependency ?? []);
}
