import { jest } from '@jest/globals';
import { OxdConfigurationError } from '../../lib/base/errors.js';

const imported = 'imported from /app/node_modules/nestjs-oxd/dist/sandbox.js';

describe('startSandbox', () => {
  beforeEach(() => jest.resetModules());

  /** Message of a start for which the import of `oidc-provider` fails with this error. */
  async function messageAfter(code: string, message: string): Promise<string> {
    jest.unstable_mockModule('oidc-provider', () => {
      throw Object.assign(new Error(message), { code });
    });
    const { startSandbox } = await import('../../lib/sandbox/sandbox.js');
    const start = startSandbox({ port: 0, clientsFile: false, quiet: true });
    const error = await start.then(
      () => new Error('started'),
      (reason: Error) => reason,
    );
    expect(error.name).toBe(OxdConfigurationError.name);
    return error.message;
  }

  it('names the package to install when oidc-provider is missing', async () => {
    const text = `Cannot find package 'oidc-provider' ${imported}`;
    const message = await messageAfter('ERR_MODULE_NOT_FOUND', text);
    expect(message).toContain('npm install --save-dev oidc-provider');
  });

  it.each([
    {
      name: 'Jest runs without ESM',
      code: 'ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING_FLAG',
      text: 'A dynamic import callback was invoked without --experimental-vm-modules',
    },
    {
      name: 'a dependency of oidc-provider is missing',
      code: 'ERR_MODULE_NOT_FOUND',
      text: `Cannot find package 'koa' imported from /app/node_modules/oidc-provider/lib/index.js`,
    },
  ])('reports the error of the import when $name', async ({ code, text }) => {
    const message = await messageAfter(code, text);
    expect(message).not.toContain('npm install');
    expect(message).toContain(`could not be loaded (${code}: `);
    expect(message).toContain('--experimental-vm-modules');
  });
});
