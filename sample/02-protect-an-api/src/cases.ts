import type { AlbumsClient } from './client.js';

/** A further case: a button of the page. */
export interface Case {
  /** Name in the URL. */
  readonly name: string;
  readonly title: string;
  readonly text: string;
  /** True when it needs a resource for each album. */
  readonly needsSeparateAlbums?: boolean;
  readonly run: (client: AlbumsClient) => Promise<unknown>;
}

/**
 * Further responses of the guard and of the authorization server.
 *
 * @param areSeparate true if each album is a resource
 */
export function casesOf(areSeparate: boolean): readonly Case[] {
  return CASES.filter(({ needsSeparateAlbums }) => areSeparate || !needsSeparateAlbums);
}

const CASES: readonly Case[] = [
  {
    name: 'list',
    title: 'A rule without a question',
    text: 'Every visitor may see the list: the ticket becomes an RPT without an ID token.',
    run: (client) => client.enter('GET', '/api/albums'),
  },
  {
    name: 'denied',
    title: 'A rule that denies',
    text: 'No visitor may delete: request_denied, and no new ticket.',
    run: (client) => client.obtain('DELETE', '/api/albums/kind-of-blue'),
  },
  {
    name: 'used-ticket',
    title: 'A ticket that was used',
    text: 'A ticket is valid once: then invalid_grant, and the client starts again at the API.',
    run: async (client) => {
      const ticket = await client.ask('GET', '/api/albums');
      if (ticket && (await client.getRpt({ ticket }))) await client.getRpt({ ticket });
    },
  },
  {
    name: 'upgrade',
    title: 'An RPT for something else',
    text: 'The RPT to see the list does not permit adding to it. With the new ticket it is extended to both.',
    run: async (client) => {
      const rpt = await client.obtain('GET', '/api/albums');
      const ticket = rpt && (await client.ask('POST', '/api/albums', rpt));
      const upgraded = ticket && (await client.getRpt({ ticket, rpt }));
      if (upgraded) await client.ask('POST', '/api/albums', upgraded);
    },
  },
  {
    name: 'other-album',
    title: 'An RPT for another album',
    text: 'Every visitor may look at Homogenic, but that RPT does not open Kind of Blue: the response is a ticket for this album.',
    needsSeparateAlbums: true,
    run: async (client) => {
      const rpt = await client.obtain('GET', '/api/albums/homogenic');
      if (rpt) await client.ask('GET', '/api/albums/kind-of-blue', rpt);
    },
  },
  {
    name: 'made-up',
    title: 'A made-up token',
    text: 'Unknown to the authorization server: the same response as without a token.',
    run: (client) => client.ask('GET', '/api/albums/kind-of-blue', 'made-up-by-a-client'),
  },
  {
    name: 'malformed',
    title: 'A header without a token',
    text: 'Empty, malformed, or several headers: 400, without a request to the authorization server.',
    run: (client) => client.ask('GET', '/api/albums/kind-of-blue', '{{rpt}}'),
  },
  {
    name: 'head',
    title: 'HEAD',
    text: 'It needs what GET needs.',
    run: (client) => client.enter('HEAD', '/api/albums'),
  },
  {
    name: 'undeclared',
    title: 'An undeclared route',
    text: 'The guard denies undeclared routes: 403, and no ticket.',
    run: (client) => client.ask('GET', '/api/albums/export'),
  },
  {
    name: 'undeclared-method',
    title: 'An undeclared method',
    text: 'The handler accepts every method, but only GET is declared: 403.',
    run: (client) => client.ask('PUT', '/api/albums/mine'),
  },
  {
    name: 'public',
    title: 'A public route',
    text: 'Open, because it is declared public.',
    run: (client) => client.ask('GET', '/api/albums/count'),
  },
];
