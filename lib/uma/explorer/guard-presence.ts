import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { UmaAuthorizer } from '../guard/uma-authorizer.js';
import { UmaGuard, accessOfGuard } from '../guard/uma.guard.js';

/**
 * A `UmaGuard` that runs before a route, identified by the authorizer of its `OxdModule`. `replaced`:
 * another object runs instead of the guard. `unknown`: the authorizer cannot be determined.
 */
export type PresentGuard = UmaAuthorizer | 'replaced' | 'unknown';

type Injectables = ReadonlyMap<unknown, InstanceWrapper>;

/**
 * Finds the `UmaGuard`s that Nest runs. A class in `@UseGuards()` is only a key: Nest runs the
 * instance of its container, which an override or an alias may have changed.
 */
export class PresentGuards {
  private readonly replacements: ReadonlySet<unknown>;

  constructor(modules: ModulesContainer) {
    const wrappers = [...modules.values()].flatMap((module): InstanceWrapper[] => [
      ...module.providers.values(),
      ...module.injectables.values(),
    ]);
    const replaced = wrappers.filter(
      ({ token, instance }) => isGuard(token) && isReplacement(instance),
    );
    this.replacements = new Set(replaced.map(({ instance }): unknown => instance));
  }

  /** Guards of every route: `useGlobalGuards()` and `APP_GUARD`, request-scoped ones included. */
  ofApplication(config: ApplicationConfig): PresentGuard[] {
    return [
      ...config.getGlobalGuards().map((guard) => this.ofInstance(guard)),
      ...config.getGlobalRequestGuards().map((wrapper) => this.ofWrapper(wrapper)),
    ].filter(isPresent);
  }

  /**
   * Guards that `@UseGuards()` names.
   *
   * @param references classes or instances
   * @param injectables injectables of the controller's module, in which Nest looks up classes
   */
  ofReferences(references: readonly unknown[], injectables: Injectables): PresentGuard[] {
    return references
      .map((reference) => {
        if (typeof reference !== 'function') return this.ofInstance(reference);
        const wrapper = injectables.get(reference);
        return wrapper && this.ofWrapper(wrapper);
      })
      .filter(isPresent);
  }

  private ofWrapper(wrapper: InstanceWrapper): PresentGuard | undefined {
    const { instance, metatype, token, isAlias } = wrapper as InstanceWrapper<unknown>;
    if (isBuilt(instance)) return this.ofInstance(instance);
    if (isGuard(metatype)) return injectedAuthorizer(wrapper) ?? 'unknown';
    if (isGuard(token)) return 'replaced';
    const [target] = isAlias ? dependenciesOf(wrapper) : [];
    return target ? this.ofWrapper(target) : this.ofInstance(instance);
  }

  private ofInstance(guard: unknown): PresentGuard | undefined {
    if (guard instanceof UmaGuard) return accessOfGuard(guard) ?? 'unknown';
    return this.replacements.has(guard) ? 'replaced' : undefined;
  }
}

/**
 * Authorizer that Nest injects into each instance of a request-scoped guard. NestJS 11 resolves the
 * constructor of some of these guards only at the first request; then the result is the authorizer of
 * the module that the guard's module imports.
 */
function injectedAuthorizer(wrapper: InstanceWrapper): UmaAuthorizer | undefined {
  const dependencies = dependenciesOf(wrapper);
  const candidates = dependencies.length > 0 ? dependencies : importedAuthorizers(wrapper);
  const instances = candidates.filter(({ token }) => token === UmaAuthorizer);
  const [authorizer, ...others] = new Set(instances.map(({ instance }): unknown => instance));
  return authorizer instanceof UmaAuthorizer && others.length === 0 ? authorizer : undefined;
}

function importedAuthorizers({ host }: InstanceWrapper): InstanceWrapper[] {
  const imports = [...(host?.imports ?? [])].filter((module) => module.exports.has(UmaAuthorizer));
  return imports.flatMap((module) => module.providers.get(UmaAuthorizer) ?? []);
}

function dependenciesOf(wrapper: InstanceWrapper): InstanceWrapper[] {
  const dependencies = wrapper.getCtorMetadata() as readonly (InstanceWrapper | undefined)[];
  return [...(dependencies ?? [])].flatMap((dependency) => dependency ?? []);
}

function isGuard(target: unknown): boolean {
  return (
    typeof target === 'function' && (target === UmaGuard || target.prototype instanceof UmaGuard)
  );
}

/** False for the placeholder of a request-scoped guard: its constructor has not run. */
function isBuilt(instance: unknown): instance is UmaGuard {
  return instance instanceof UmaGuard && accessOfGuard(instance) !== undefined;
}

function isReplacement(instance: unknown): boolean {
  return typeof instance === 'object' && instance !== null && !(instance instanceof UmaGuard);
}

function isPresent(guard: PresentGuard | undefined): guard is PresentGuard {
  return guard !== undefined;
}
