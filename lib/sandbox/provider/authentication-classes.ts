/** Authentication context class (`acr`) of a login by password. */
export const PASSWORD_ACR = 'basic';

/** Authentication context class of a login by password and one-time code. */
export const STRONG_ACR = 'strong';

/** Values of `acr_values` that the sandbox supports. */
export const ACR_VALUES: readonly string[] = [PASSWORD_ACR, STRONG_ACR];

/** One-time code of every user: the sandbox protects no real data. */
export const ONE_TIME_CODE = '123456';

/**
 * Returns the class that a login must have: the first supported one of the request, because the order
 * is that of preference (OpenID Connect Core §3.1.2.1); by password if none is supported.
 */
export function acrToReach(acrValues: string | undefined): string {
  return supported(acrValues)[0] ?? PASSWORD_ACR;
}

/**
 * True if the session has one of the requested classes, or if no supported one is requested. Classes
 * are alternatives without an order (RFC 9470 §4).
 */
export function hasRequestedAcr(acr: string | undefined, acrValues: string | undefined): boolean {
  const requested = supported(acrValues);
  return requested.length === 0 || (acr !== undefined && requested.includes(acr));
}

function supported(acrValues = ''): string[] {
  return acrValues.split(' ').filter((value) => ACR_VALUES.includes(value));
}
