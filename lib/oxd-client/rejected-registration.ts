import { OxdCommandError, OxdTransportError, type OxdError } from '../base/errors.js';
import type { OxdLog } from '../base/log.js';
import type { OxdVersion } from '../commands/oxd-transport.js';

/** Minimum time between two attempts after a lasting rejection, in milliseconds. */
const COOLDOWN = 60_000;

/** Error codes of a rejection that remains until an operator changes something. */
const LASTING_CODE =
  /^(?:(?:invalid|unauthorized|unsupported|insufficient|disabled)_|no_client_(?:id|secret)_returned$|(?:access_denied|bad_request)$|http_status_(?!408|429)4)/;

const REJECTED = 'The registration of the site was rejected.';
const UNANSWERED = 'The registration of the site has no valid response.';

/** Statuses of a timeout and of a rate limit. */
const RETRYABLE = new Set([408, 429]);

/** Dependencies of a {@link RejectedRegistration}. */
export interface RejectedRegistrationOptions {
  readonly version: OxdVersion;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly log: OxdLog;
}

/**
 * Last registration of the site that was rejected or has no valid response. Until the cooldown is over
 * each use of the site fails with the stored error: every attempt could leave a client at the provider.
 */
export class RejectedRegistration {
  private error: OxdError | undefined;
  private until = -Infinity;

  constructor(private readonly options: RejectedRegistrationOptions) {}

  /** @throws {OxdError} the stored error during the cooldown */
  check(): void {
    if (this.error && this.options.clock() < this.until) throw this.error;
  }

  /** Stores and logs a lasting rejection; ignores other errors, which the next use may not meet. */
  record(error: unknown): void {
    const { clock, log, version } = this.options;
    if (!isRejection(error, version) && !isUnanswered(error)) return;
    this.error = error;
    this.until = clock() + COOLDOWN;
    const outcome = error instanceof OxdCommandError ? REJECTED : UNANSWERED;
    log.error(
      `${outcome} ${error.message} Until this is fixed, each use of ` +
        'the site fails with this error; the registration is tried again at most once a minute.',
    );
  }
}

function isRejection(error: unknown, version: OxdVersion): error is OxdCommandError {
  return error instanceof OxdCommandError && isLasting(error, version);
}

/** Commands that register a client at the provider. */
const REGISTRATIONS = ['register_site', 'setup_client'];

/** Returns true if a client may exist at the provider although no valid response arrived. */
function isUnanswered(error: unknown): error is OxdTransportError {
  if (!(error instanceof OxdTransportError) || !error.mayHaveRun) return false;
  return REGISTRATIONS.includes(error.command ?? '');
}

function isLasting({ error, cause }: OxdCommandError, version: OxdVersion): boolean {
  // A rejection of the provider is internal_error of oxd; a status is that of oxd itself.
  if (version !== 'contract') return error === 'internal_error' || LASTING_CODE.test(error);
  const { status } = Object(cause) as { status?: unknown };
  // The code of a busy or failed provider may look like a rejection; its status does not.
  if (typeof status === 'number') return status >= 400 && status < 500 && !RETRYABLE.has(status);
  return LASTING_CODE.test(error);
}
