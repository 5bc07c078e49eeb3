import { Controller, Get, UseGuards } from '@nestjs/common';
import { UmaGuard, UmaProtected } from '../../../lib/index.js';
import { ADAPTERS, startUmaApp, type UmaApp } from '../../support/uma-app.js';

@Controller('albums')
@UseGuards(UmaGuard)
class AlbumsController {
  @Get()
  @UmaProtected({ scopes: ['view', 'print'] })
  list(): string {
    return 'albums';
  }
}

const METADATA = 'https://photos.example.com:8443/.well-known/oauth-protected-resource/api';

describe.each(ADAPTERS)('the challenge of UmaGuard on %s', (adapter) => {
  let running: UmaApp;
  afterEach(() => running.close());

  async function challenge(resource?: string): Promise<string | undefined> {
    const options = { ...(resource !== undefined && { bearer: { resource } }) };
    running = await startUmaApp({ adapter, controllers: [AlbumsController], options });
    const { status, headers } = await running.ask('/albums');
    expect(status).toBe(401);
    return headers['www-authenticate'];
  }

  it('names the scopes of the route and the metadata URL with bearer.resource', async () => {
    expect(await challenge('https://photos.example.com:8443/api')).toBe(
      'UMA realm="photos.example.com:8443", as_uri="https://issuer.example.com", ' +
        `ticket="${running.transport.tickets.at(-1)}", scope="view print", ` +
        `resource_metadata="${METADATA}"`,
    );
  });

  it('has only the parameters of UMA without bearer.resource', async () => {
    expect(await challenge()).toBe(
      'UMA realm="photos.example.com:8443", as_uri="https://issuer.example.com", ' +
        `ticket="${running.transport.tickets.at(-1)}"`,
    );
  });
});
