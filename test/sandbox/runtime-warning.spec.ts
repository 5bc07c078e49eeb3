import { jest } from '@jest/globals';

describe('startSandbox', () => {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);

  afterAll(() => warn.mockRestore());

  it('hides the warning of oidc-provider about Node 20 and no other', async () => {
    const printer = console.warn;
    jest.unstable_mockModule('oidc-provider', () => {
      console.warn('oidc-provider WARNING: Unsupported runtime. Use Node.js v22.x LTS');
      console.warn('oidc-provider WARNING: another one');
      throw new Error('enough');
    });
    const { startSandbox } = await import('../../lib/sandbox/sandbox.js');
    await expect(startSandbox({ port: 0, clientsFile: false })).rejects.toThrow('enough');
    expect(warn.mock.calls).toEqual([['oidc-provider WARNING: another one']]);
    expect(console.warn).toBe(printer);
  });
});
