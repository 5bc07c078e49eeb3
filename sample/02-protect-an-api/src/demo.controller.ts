import { Controller, Get, HttpCode, NotFoundException, Param, Post } from '@nestjs/common';
import { OxdOptions, UmaService } from 'nestjs-oxd';
import { AlbumsClient } from './client.js';
import { demoPage, type Case, type Resource } from './pages.js';

interface RunnableCase extends Case {
  readonly run: (client: AlbumsClient) => Promise<unknown>;
}

/** The page, and what its buttons do: this application plays a client of its own API. */
@Controller()
export class DemoController {
  private readonly origin: string;

  constructor(
    private readonly uma: UmaService,
    options: OxdOptions,
  ) {
    this.origin = new URL(options.site.authorization_redirect_uri).origin;
  }

  @Get()
  show(): string {
    return demoPage(RESOURCES, CASES);
  }

  @Post('try/:name')
  @HttpCode(200)
  async try(@Param('name') name: string): Promise<string> {
    const tried = CASES.find((one) => one.name === name);
    if (!tried) throw new NotFoundException('There is no such case.');
    const client = new AlbumsClient(this.uma, this.origin);
    await tried.run(client);
    return demoPage(RESOURCES, CASES, { name, exchanges: client.exchanges });
  }
}

/** What `AlbumsController` declares. */
const RESOURCES: readonly Resource[] = [
  { method: 'GET', path: '/api/albums', scopes: ['view'] },
  { method: 'POST', path: '/api/albums', scopes: ['add'] },
  { method: 'GET', path: '/api/albums/:id', scopes: ['view'] },
  { method: 'DELETE', path: '/api/albums/:id', scopes: ['delete'] },
];

const CASES: readonly RunnableCase[] = [
  {
    name: 'no-token',
    title: 'No token',
    text: 'A request with nothing to show gets 401: where to ask, and a ticket.',
    run: (client) => client.ask('GET', '/api/albums/1'),
  },
  {
    name: 'view',
    title: 'An RPT for it',
    text: 'The ticket becomes an RPT with the permission, and the same request gets in.',
    run: async (client) => {
      const rpt = await client.obtain('GET', '/api/albums/1');
      if (rpt) await client.ask('GET', '/api/albums/1', rpt);
    },
  },
  {
    name: 'add',
    title: 'Another method, another scope',
    text: 'Adding an album needs the scope add.',
    run: async (client) => {
      const rpt = await client.obtain('POST', '/api/albums');
      if (rpt) await client.ask('POST', '/api/albums', rpt);
    },
  },
  {
    name: 'denied',
    title: 'A policy says no',
    text: 'Nobody may delete: the authorization server denies the RPT.',
    run: (client) => client.obtain('DELETE', '/api/albums/1'),
  },
  {
    name: 'wrong-scope',
    title: 'An RPT with another scope',
    text: 'Who may view may not delete. The new ticket asks for what is missing.',
    run: async (client) => {
      const rpt = await client.obtain('GET', '/api/albums/1');
      if (rpt) await client.ask('DELETE', '/api/albums/1', rpt);
    },
  },
  {
    name: 'wrong-resource',
    title: 'An RPT for another resource',
    text: 'The right scope, of the list of albums: worth nothing at an album.',
    run: async (client) => {
      const rpt = await client.obtain('GET', '/api/albums');
      if (rpt) await client.ask('GET', '/api/albums/1', rpt);
    },
  },
  {
    name: 'made-up',
    title: 'A token that somebody made up',
    text: 'The authorization server does not know it: the same answer as without a token.',
    run: (client) => client.ask('GET', '/api/albums/1', 'made-up-by-somebody'),
  },
  {
    name: 'head',
    title: 'HEAD',
    text: 'It needs what GET needs.',
    run: async (client) => {
      const rpt = await client.obtain('HEAD', '/api/albums/1');
      if (rpt) await client.ask('HEAD', '/api/albums/1', rpt);
    },
  },
  {
    name: 'undeclared',
    title: 'A route that nobody declared',
    text: 'Behind the guard, what is not declared is closed: 403, and no ticket.',
    run: (client) => client.ask('GET', '/api/albums/export'),
  },
  {
    name: 'public',
    title: 'A public route',
    text: 'Open, because it says so.',
    run: (client) => client.ask('GET', '/api/albums/count'),
  },
];
