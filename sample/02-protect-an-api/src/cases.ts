import type { AlbumsClient } from './client.js';
import type { Case } from './pages.js';

interface RunnableCase extends Case {
  readonly run: (client: AlbumsClient) => Promise<unknown>;
}

/** Cases of the demonstration page. */
export const CASES: readonly RunnableCase[] = [
  {
    name: 'no-token',
    title: 'No token',
    text: 'A request without a token gets 401, with the authorization server and a ticket.',
    run: (client) => client.ask('GET', '/api/albums/1'),
  },
  {
    name: 'view',
    title: 'An RPT for it',
    text: 'The ticket becomes an RPT with the permission, and the same request gets in.',
    run: (client) => client.enter('GET', '/api/albums/1'),
  },
  {
    name: 'add',
    title: 'Another method, another scope',
    text: 'Adding an album needs the scope add.',
    run: (client) => client.enter('POST', '/api/albums'),
  },
  {
    name: 'denied',
    title: 'A policy denies',
    text: 'No client may delete: the authorization server denies the RPT.',
    run: (client) => client.obtain('DELETE', '/api/albums/1'),
  },
  {
    name: 'need-info',
    title: 'The policy needs an identity',
    text: 'need_info: a client would push an ID token, or send the browser to redirect_user. This client has no user.',
    run: (client) => client.obtain('GET', '/api/albums/mine'),
  },
  {
    name: 'owner',
    title: 'The owner decides',
    text: 'request_submitted: the request waits for its owner. Decide it there, and try again.',
    link: { href: '/owner', text: 'Requests for the owner' },
    run: async (client) => {
      const rpt = await client.obtainFromOwner('POST', '/api/albums/1/loan');
      if (rpt) await client.ask('POST', '/api/albums/1/loan', rpt);
    },
  },
  {
    name: 'used-ticket',
    title: 'A ticket that was used',
    text: 'A ticket is valid once: then invalid_grant, and the client starts again at the API.',
    run: async (client) => {
      const ticket = await client.ask('GET', '/api/albums/1');
      if (ticket && (await client.getRpt(ticket))) await client.getRpt(ticket);
    },
  },
  {
    name: 'wrong-scope',
    title: 'An RPT with another scope',
    text: 'The scope view does not permit delete. The new ticket requests the missing scope.',
    run: async (client) => {
      const rpt = await client.obtain('GET', '/api/albums/1');
      if (rpt) await client.ask('DELETE', '/api/albums/1', rpt);
    },
  },
  {
    name: 'upgrade',
    title: 'An RPT for another resource',
    text: 'The right scope, but for the list, not for an album. With the new ticket the RPT is extended to both.',
    run: async (client) => {
      const rpt = await client.obtain('GET', '/api/albums');
      const ticket = rpt && (await client.ask('GET', '/api/albums/1', rpt));
      const upgraded = ticket && (await client.getRpt(ticket, rpt));
      if (upgraded) await client.ask('GET', '/api/albums/1', upgraded);
    },
  },
  {
    name: 'made-up',
    title: 'A made-up token',
    text: 'Unknown to the authorization server: the same response as without a token.',
    run: (client) => client.ask('GET', '/api/albums/1', 'made-up-by-a-client'),
  },
  {
    name: 'malformed',
    title: 'A header without a token',
    text: 'Empty, malformed, or several headers: 400, without a request to the authorization server.',
    run: (client) => client.ask('GET', '/api/albums/1', '{{rpt}}'),
  },
  {
    name: 'head',
    title: 'HEAD',
    text: 'It needs what GET needs.',
    run: (client) => client.enter('HEAD', '/api/albums/1'),
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
