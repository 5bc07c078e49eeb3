const { KEYCLOAK_CONTROL } = process.env;

/** `describe` if this run has started its own Keycloak; with `KEYCLOAK_URL` the tests are skipped. */
export const describeWithOwnServer = KEYCLOAK_CONTROL ? describe : describe.skip;

/** Stops, starts, freezes or resumes the Keycloak of this run. */
export async function control(action: 'start' | 'stop' | 'freeze' | 'resume'): Promise<void> {
  const response = await fetch(`${KEYCLOAK_CONTROL}/${action}`, { method: 'POST' });
  if (!response.ok) throw new Error(`${action}: ${await response.text()}`);
}
