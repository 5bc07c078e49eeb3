import { rootCertificates } from 'node:tls';

/**
 * Adds certificates (PEM) to those that Node.js trusts, for the option `ca` of TLS.
 *
 * @returns undefined without certificates: Node.js then uses its own
 */
export function trustedCertificates(ca?: string | readonly string[]): string[] | undefined {
  return ca ? [...rootCertificates, ...[ca].flat()] : undefined;
}
