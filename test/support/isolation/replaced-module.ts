import { jest } from '@jest/globals';

async function isGranted(): Promise<boolean> {
  const { evaluate } = await import('../../../lib/embedded/resources/scope-expression.js');
  return evaluate({ rule: { var: 0 }, data: ['read'] }, (scope) => scope === 'read');
}

/** Tests of a file that replaces a package of `lib`, which the next file must not get. */
export function describeReplacedModule(): void {
  it('gets the package', async () => {
    expect(await isGranted()).toBe(true);
  });

  it('replaces the package', async () => {
    jest.resetModules();
    jest.unstable_mockModule('json-logic-js', () => ({ default: { apply: () => 'replaced' } }));
    expect(await isGranted()).toBe(false);
  });
}
