import { jest } from '@jest/globals';
import { OxdConfigurationError } from '../../lib/base/errors.js';

it('names the package to install when oidc-provider is missing', async () => {
  jest.unstable_mockModule('oidc-provider', () => {
    throw new Error("Cannot find package 'oidc-provider'");
  });
  const { startSandbox } = await import('../../lib/sandbox/sandbox.js');
  const start = startSandbox({ port: 0, clientsFile: false, quiet: true });
  await expect(start).rejects.toMatchObject({
    name: OxdConfigurationError.name,
    message: expect.stringContaining('npm install --save-dev oidc-provider'),
  });
});
