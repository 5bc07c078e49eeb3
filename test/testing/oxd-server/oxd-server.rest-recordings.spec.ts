import { OxdServer } from '../../../lib/testing/oxd-server/oxd-server.js';
import { isJsonObject, parseJson } from '../../../lib/base/json.js';
import {
  HTTPS_RECORDED,
  type HttpsRecording,
  httpsRecordings,
} from '../../recordings/https-recordings.js';
import { FakeOp } from '../../support/fake-op.js';
import type { LiveServers } from '../../support/https-repetition.js';
import { RecordedOp } from '../../support/recorded-op.js';
import { RestRepetition } from '../../support/rest-repetition.js';
import { type RestResponse, shapeOfRest } from '../../support/rest-shape.js';
import { registerSecret } from '../../support/secrets.js';

const SERVERS = ['rest-4.2.3', 'rest-4.5.5'] as const;

type Recorded = (typeof SERVERS)[number];

/** Stories with another error than the recorded one. */
const OTHER_ERRORS: Readonly<Record<string, { readonly error: string; readonly status?: number }>> =
  {
    // The embedded transport has one error code for both faults of the audience.
    'tokens-by-code-id-token-two-audiences-no-azp': { error: 'invalid_id_token_bad_audience' },
    // The provider of the sandbox has this error code for a missing token.
    'user-info-no-token': { error: 'invalid_request' },
    'user-info-blank-token': { error: 'invalid_request' },
    // The sandbox has the error code of UMA 2.0 for an invalid ticket.
    'uma-get-rpt-again-same-ticket': { error: 'invalid_grant', status: 403 },
    'uma-get-rpt-invalid-ticket': { error: 'invalid_grant', status: 403 },
  };

/** Recorded reply, with the error that the live servers have instead. */
function expectedReply({ story, reply }: HttpsRecording): RestResponse {
  const { status, content_type: contentType, body } = reply;
  const said = parseJson(body);
  const other = OTHER_ERRORS[story];
  if (!other || !isJsonObject(said) || said.error === undefined)
    return { status, contentType, body };
  const changed = JSON.stringify({ ...said, error: other.error });
  return { status: other.status ?? status, contentType, body: changed };
}

/** A client that verifies the certificate cannot send this request: the name in it is not the host. */
const NOT_SENT = 'http-wrong-host';

describe.each(SERVERS)('OxdServer as %s', (recorded) => {
  describe.each([
    ['off', 50],
    ['on', 308],
  ] as const)('protection %s', (protect, count) => {
    const repeated = httpsRecordings(recorded).filter(
      (one) => one.protect === protect && one.story !== NOT_SENT,
    );
    let others: LiveServers;
    let repetition: RestRepetition;

    beforeAll(async () => {
      others = await startOthers(recorded, protect === 'on');
      repetition = new RestRepetition(others, HTTPS_RECORDED[recorded]);
    });

    afterAll(async () => {
      await repetition.close();
      for (const other of Object.values(others)) await other.close();
    });

    it('receives every recorded request', () => {
      expect(repeated.length).toBe(count);
    });

    it.each(repeated.map((one) => [one.n, one.story, one.command, one] as const))(
      '#%i %s: %s',
      async (_n, _story, command, recording) => {
        others.op.fault = '';
        await repetition.prepare(recording);
        others.op.fault = recording.op ?? '';
        const answer = await repetition.send(recording);
        expect(shapeOfRest(command, answer)).toEqual(
          shapeOfRest(command, expectedReply(recording)),
        );
      },
    );
  });
});

async function startOthers(recorded: Recorded, protectCommands: boolean): Promise<LiveServers> {
  const withoutUma = await FakeOp.start();
  withoutUma.on('client', {
    status: 404,
    json: { error: 'x_error', error_description: 'said by the AS' },
  });
  return {
    withoutUma,
    op: await RecordedOp.start(),
    server: await OxdServer.start({
      ...{ version: HTTPS_RECORDED[recorded], protectCommands },
      ...{ allowInsecureRequests: true, onSecret: registerSecret },
    }),
  };
}
