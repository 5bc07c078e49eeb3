/** Option `transport`: the HTTPS extension of oxd 3.1, or the REST API of oxd 4. */
export interface HttpsTransportOptions {
  /** Sends commands to an oxd over HTTPS. */
  readonly type: 'https';
  /**
   * URL of oxd, such as `https://oxd.example.com:8443`: https, or http on a loopback host, without query,
   * fragment and user name. Commands are sent to paths beneath it.
   */
  readonly url: string;
  /**
   * Version of oxd: `3.1.1`, `3.1.2`, `3.1.3` or `3.1.4` (also for 3.1.5 to 3.1.8) for the HTTPS extension;
   * `4.0`, `4.1`, `4.2` (also for 4.3) or `4.5` (also for 4.4) for the REST API. A version of the
   * same API that is wrong is not detected.
   */
  readonly version: HttpsVersion;
  /**
   * Maximum number of kept connections; each executes one command at a time. Default 8. At most 1024
   * commands wait for a connection; further ones fail.
   */
  readonly connections?: number;
  /**
   * Certificates (PEM) of private certificate authorities, in addition to those of Node.js. TLS
   * certificates are always verified: `NODE_TLS_REJECT_UNAUTHORIZED` has no effect.
   */
  readonly ca?: string | readonly string[];
  /** Client certificate (PEM), with the chain of its authority if the server needs it; requires `key`. */
  readonly cert?: string;
  /** Key (PEM) of the client certificate, not encrypted; requires `cert`. */
  readonly key?: string;
  /** Time limit of a command including its wait in the queue, in milliseconds; default 30000. */
  readonly timeout?: number;
}

/** Versions of oxd over HTTPS that differ in the protocol. */
export type HttpsVersion = '3.1.1' | '3.1.2' | '3.1.3' | '3.1.4' | '4.0' | '4.1' | '4.2' | '4.5';

/** Options of {@link HttpsTransportOptions} with their defaults. */
export type ResolvedHttpsOptions = HttpsTransportOptions &
  Required<Pick<HttpsTransportOptions, 'connections' | 'timeout'>>;
