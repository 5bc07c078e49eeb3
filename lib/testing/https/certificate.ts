import { loadPeer } from '../../base/optional-peer.js';

/** Certificate of a server and its private key, both PEM. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

/**
 * Makes a self-signed certificate for `localhost` and `127.0.0.1`, valid for a year. Its key stays
 * in this process.
 *
 * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when the optional peer `selfsigned` is
 *   not installed or cannot be loaded
 */
export async function makeCertificate(): Promise<ServerCertificate> {
  const peer = { neededBy: 'certificate', name: 'selfsigned' };
  const { generate } = await loadPeer(peer, () => import('selfsigned'));
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { cert, key };
}
