import { generate, type CertificateExtension } from 'selfsigned';

/** Certificate and its private key, both PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** Certificate to make. */
export interface CertificateRequest {
  /** Common name, and the subject alternative name unless it is omitted. */
  readonly host: string;
  /** True for a certificate without subject alternative names. */
  readonly withoutNames?: boolean;
  /** Beginning and end of its validity in days from now; default -1 and 365. */
  readonly days?: readonly [from: number, to: number];
  /** Authority that signs the certificate; it signs itself by default. */
  readonly authority?: KeyPair;
}

const DAY = 86_400_000;

/** Makes a certificate authority. */
export async function makeAuthority(name: string): Promise<KeyPair> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    ...{ keyType: 'ec', algorithm: 'sha256' },
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, digitalSignature: true, critical: true },
    ],
  });
  return { cert, key };
}

function names(host: string): CertificateExtension {
  return { name: 'subjectAltName', altNames: [{ type: 2, value: host }] };
}

/** Makes a certificate for a server or a client. */
export async function makeCertificate(request: CertificateRequest): Promise<KeyPair> {
  const { host, withoutNames, days = [-1, 365], authority } = request;
  const [from, to] = days;
  const { cert, private: key } = await generate([{ name: 'commonName', value: host }], {
    ...{ keyType: 'ec', algorithm: 'sha256', ca: authority },
    notBeforeDate: new Date(Date.now() + from * DAY),
    notAfterDate: new Date(Date.now() + to * DAY),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      ...(withoutNames ? [] : [names(host)]),
    ],
  });
  return { cert, key };
}
