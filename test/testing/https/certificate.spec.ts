import { X509Certificate } from 'node:crypto';
import { jest } from '@jest/globals';
import { OxdConfigurationError } from '../../../lib/base/errors.js';
import { makeCertificate } from '../../../lib/testing/https/certificate.js';

describe('makeCertificate()', () => {
  beforeEach(() => jest.resetModules());

  it('makes a certificate for localhost and 127.0.0.1 only, which is no authority', async () => {
    const { cert } = await makeCertificate();
    const certificate = new X509Certificate(cert);
    expect(certificate.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1');
    expect(certificate.ca).toBe(false);
    expect(certificate.publicKey.asymmetricKeyType).toBe('ec');
  });

  it('makes another key for each server', async () => {
    const keys = await Promise.all([makeCertificate(), makeCertificate()]);
    expect(keys[0]?.key).not.toBe(keys[1]?.key);
  });

  it.each([
    {
      name: 'names the package to install when selfsigned is missing',
      code: 'ERR_MODULE_NOT_FOUND',
      text: "Cannot find package 'selfsigned' imported from /app/node_modules/nestjs-oxd/dist/a.js",
      expected: 'needs the package selfsigned; install it: npm install --save-dev selfsigned',
    },
    {
      name: 'names the package to install when Jest does not find selfsigned',
      code: 'MODULE_NOT_FOUND',
      text: "Cannot find module 'selfsigned' from 'node_modules/nestjs-oxd/dist/a.js'",
      expected: 'needs the package selfsigned; install it: npm install --save-dev selfsigned',
    },
    {
      name: 'reports the error of the import when a dependency of selfsigned is missing',
      code: 'ERR_MODULE_NOT_FOUND',
      text: "Cannot find package 'pkijs' imported from /app/node_modules/selfsigned/index.js",
      expected: 'selfsigned could not be loaded (ERR_MODULE_NOT_FOUND: ',
    },
  ])('$name', async ({ code, text, expected }) => {
    jest.unstable_mockModule('selfsigned', () => {
      throw Object.assign(new Error(text), { code });
    });
    const { OxdServer } = await import('../../../lib/testing/oxd-server/oxd-server.js');
    const error = await OxdServer.start({ version: '4.5' }).then(
      () => new Error('started'),
      (reason: Error) => reason,
    );
    expect(error.name).toBe(OxdConfigurationError.name);
    expect(error.message).toContain(expected);
  });
});
