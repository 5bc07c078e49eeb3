import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { UmaAuthorizer } from '../guard/uma-authorizer.js';
import { UmaGuard, accessOfGuard } from '../guard/uma.guard.js';

/**
 * A `UmaGuard` that runs before a route, by the access service of its `OxdModule`. `replaced`: a
 * test runs another object in its place. `unknown`: its access service cannot be determined.
 */
export type PresentGuard = UmaAuthorizer | 'replaced' | 'unknown';

type Injectables = ReadonlyMap<unknown, InstanceWrapper>;

/**
 * Finds the `UmaGuard`s that Nest runs. Nest runs the instances of its container, which overrides
 * and aliases may have changed; a class in `@UseGuards()` is only the key of one.
 */
export class PresentGuards {
  private readonly replacements: ReadonlySet<unknown>;

  constructor(modules: ModulesContainer) {
    const wrappers = [...modules.values()].flatMap((module): InstanceWrapper[] => [
      ...module.providers.values(),
      ...module.injectables.values(),
    ]);
    const replaced = wrappers.filter(({ token, instance }) => isGuard(token) && isOther(instance));
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
   * @param injectables those of the controller's module, where Nest looks classes up
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
    if (isGuard(metatype)) return accessGivenTo(wrapper) ?? 'unknown';
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
 * Access service that Nest passes to each new instance of a request-scoped guard. NestJS 11 reads the
 * constructor of some of these guards only at the first request: there it is that of the module which
 * the guard's module imports.
 */
function accessGivenTo(wrapper: InstanceWrapper): UmaAuthorizer | undefined {
  const dependencies = dependenciesOf(wrapper);
  const candidates = dependencies.length > 0 ? dependencies : importedBy(wrapper);
  const instances = candidates.filter(({ token }) => token === UmaAuthorizer);
  const [access, ...others] = new Set(instances.map(({ instance }): unknown => instance));
  return access instanceof UmaAuthorizer && others.length === 0 ? access : undefined;
}

function importedBy({ host }: InstanceWrapper): InstanceWrapper[] {
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

function isOther(instance: unknown): boolean {
  return typeof instance === 'object' && instance !== null && !(instance instanceof UmaGuard);
}

function isPresent(guard: PresentGuard | undefined): guard is PresentGuard {
  return guard !== undefined;
}
