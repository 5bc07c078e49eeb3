import { X509Certificate } from 'node:crypto';
import { ValidateBy } from 'class-validator';

/** Begin of a certificate (PEM). */
export const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----/;
export const NO_PEM = 'must be a PEM certificate, not the path of a file';
/** Certificates of a file, also one whose end is missing. */
const BLOCKS = /-----BEGIN CERTIFICATE-----[^-]*(?:-----END CERTIFICATE-----)?/g;

/**
 * Requires one or more strings with certificates (PEM). Node.js ignores damaged ones in the option `ca`
 * of TLS; connections would fail later.
 */
export function IsAuthorities(): PropertyDecorator {
  return ValidateBy({
    name: 'isAuthorities',
    validator: {
      validate: (value: unknown) => problemOf(value) === undefined,
      defaultMessage: (args) => problemOf(args?.value) ?? '',
    },
  });
}

function problemOf(value: unknown): string | undefined {
  const texts: readonly unknown[] = [value].flat();
  if (!texts.every((text) => typeof text === 'string')) return 'must be a string or strings';
  if (!texts.every((text) => PEM_CERTIFICATE.test(text))) return NO_PEM;
  const blocks = texts.flatMap((text) => text.match(BLOCKS) ?? []);
  return blocks.every(isCertificate) ? undefined : 'has a damaged certificate: copy the file again';
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}
