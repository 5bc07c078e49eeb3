import { isJsonObject, parseJson } from '../../lib/base/json.js';
import type { Release } from '../../lib/base/oxd-releases.js';
import type { HttpsRecording } from '../recordings/https-recordings.js';
import { type EnvelopeOf, HttpsRepetition, type LiveServers } from './https-repetition.js';

const NEW_SITE = {
  op_host: 'http://127.0.0.1:9100',
  redirect_uris: ['https://client.example/cb'],
  grant_types: ['authorization_code', 'client_credentials'],
  scope: ['openid', 'uma_protection'],
};

/** Result of a command of oxd 4 as if it were in an envelope. */
const enveloped: EnvelopeOf = ({ status, body }) => {
  const data = parseJson(body);
  return status === 200 && isJsonObject(data) ? { status: 'ok', data } : undefined;
};

/** Repeats recorded requests of the REST API. */
export class RestRepetition extends HttpsRepetition {
  constructor(live: LiveServers, release: Release) {
    super(live, release, enveloped);
  }

  /** Also obtains the sites and resources whose commands were not recorded. */
  override async prepare(recording: HttpsRecording): Promise<void> {
    const { story } = recording;
    if (story === 'refuse-ticket-400') await this.protectAgain(recording);
    if (story.startsWith('refuse-pat')) await this.registerSite(recording);
    await super.prepare(recording);
  }

  /** The rejected commands before this one have deleted the resources. */
  private async protectAgain({ request }: HttpsRecording): Promise<void> {
    const conditions = [{ httpMethods: ['GET'], scopes: ['read'] }];
    const resources = [{ path: '/photo', conditions }];
    const body = { oxd_id: request.body?.oxd_id, resources };
    await this.client.ask({
      ...{ path: '/uma-rs-protect', headers: this.translated(request.headers) },
      body: this.repetition.translated(body) as object,
    });
  }

  /** A new site for each story has no PAT yet. */
  private async registerSite(recording: HttpsRecording): Promise<void> {
    const { oxd_id } = recording.request.body ?? {};
    if (this.repetition.translated(oxd_id) !== oxd_id) return;
    const body = this.repetition.translated(NEW_SITE) as object;
    const answer = await this.client.ask({ path: '/register-site', body });
    const reply = { status: 'ok', data: { oxd_id: String(oxd_id) } } as const;
    this.repetition.learn({ ...this.callOf(recording), reply }, enveloped(answer));
  }
}
