import { FakeAs, RS } from '../../support/fake-as.js';
import { CALLBACK, HOME, rejectionOf, TestTransport } from '../../support/embedded-transport.js';
import { PHOTO, protectedSite } from '../../support/uma-site.js';
import type { RpRecord } from '../../../lib/commands/rp-record.js';

let as: FakeAs;
let transport: TestTransport;

beforeAll(async () => {
  as = await FakeAs.start();
});
afterAll(() => as.close());
beforeEach(() => {
  as.reset();
  transport = new TestTransport();
});
afterEach(() => TestTransport.closeAll());

const recordOf = async (oxd_id: string) =>
  (await transport.run('get_rp', { oxd_id })).node as RpRecord;

describe('get_rp', () => {
  it('returns the stored record with the names of oxd, without a request', async () => {
    const oxd_id = await transport.site(as, {
      ...RS,
      client_name: 'Shop',
      client_sector_identifier_uri: 'https://app.example.com/sector.json',
    });
    const requests = as.op.requests.length;
    expect(await recordOf(oxd_id)).toMatchObject({
      oxd_id,
      op_host: as.issuer,
      authorization_redirect_uri: CALLBACK,
      logout_redirect_uri: HOME,
      logout_redirect_uris: [HOME],
      client_name: 'Shop',
      sector_identifier_uri: 'https://app.example.com/sector.json',
    });
    expect(as.op.requests.length).toBe(requests);
  });

  it('contains the credentials of the client and times in milliseconds', async () => {
    const registered = await transport.run('register_site', {
      op_host: as.issuer,
      authorization_redirect_uri: CALLBACK,
    });
    const record = await recordOf(registered.oxd_id);
    const { client_id, client_secret, client_registration_access_token } = registered;
    expect(record).toMatchObject({ client_id, client_secret });
    expect(record.client_registration_access_token).toBe(client_registration_access_token);
    expect(registered.client_id_issued_at).toBeGreaterThan(0);
    expect(record.client_id_issued_at).toBe((registered.client_id_issued_at ?? 0) * 1000);
  });

  it('lists the protected resources', async () => {
    const data = ['view', 'all'];
    const scope_expression = { rule: { and: [{ var: 0 }, { var: 1 }] }, data };
    const doc = { path: '/doc', conditions: [{ httpMethods: ['GET'], scope_expression }] };
    const { uma_protected_resources } = await recordOf(
      await protectedSite(transport, as, PHOTO, doc),
    );
    expect(uma_protected_resources).toEqual([
      { id: as.idOf('[GET] /photo'), path: '/photo', http_methods: ['GET'], scopes: data },
      {
        ...{ id: as.idOf('[GET] /doc'), path: '/doc', http_methods: ['GET'] },
        scope_expressions: [JSON.stringify(scope_expression)],
      },
    ]);
  });

  it('rejects an unknown site', async () => {
    const error = await rejectionOf(transport.run('get_rp', { oxd_id: 'unknown' }));
    expect(error).toMatchObject({ error: 'invalid_oxd_id', mayHaveRun: false });
  });

  it('rejects a list, which its store cannot produce, and accepts list: false', async () => {
    const oxd_id = await transport.site(as, RS);
    const error = await rejectionOf(transport.run('get_rp', { oxd_id, list: true }));
    expect(error.code).toBe('OXD_COMMAND_UNSUPPORTED');
    expect(error.message).toContain('only oxd-server 3.1.4 and later does');
    await expect(transport.run('get_rp', { oxd_id, list: false })).resolves.toHaveProperty('node');
  });
});
