import { checkServerIdentity, createSecureContext, type PeerCertificate } from 'node:tls';
import { buildConnector } from 'undici';
import { trustedCertificates } from '../base/trusted-certificates.js';

/** Certificates of the connections. */
export interface TlsOptions {
  /** Certificates (PEM) that are trusted in addition to those of Node.js. */
  readonly ca?: string | readonly string[];
  /** Client certificate (PEM) and its key. */
  readonly cert?: string;
  readonly key?: string;
}

/** Limit for establishing a connection, in milliseconds. */
const CONNECT_TIMEOUT = 3_000;

/**
 * Opens connections and always verifies the certificate of the server. Clients with the same connector
 * share TLS sessions.
 */
export function verifyingConnector({ ca, cert, key }: TlsOptions): buildConnector.connector {
  const secureContext = createSecureContext({ ca: trustedCertificates(ca), cert, key });
  return buildConnector({
    secureContext,
    // Set explicitly, or NODE_TLS_REJECT_UNAUTHORIZED=0 would switch the verification off.
    rejectUnauthorized: true,
    checkServerIdentity: checkHost,
    timeout: CONNECT_TIMEOUT,
  });
}

/**
 * Verifies the host of a certificate as Node.js does, but with another error code: after
 * `ERR_TLS_CERT_ALTNAME_INVALID` a client of undici never connects again.
 */
function checkHost(host: string, certificate: PeerCertificate): Error | undefined {
  const error = checkServerIdentity(host, certificate);
  return error && Object.assign(new Error(error.message), { code: 'CERT_ALTNAME_INVALID' });
}
