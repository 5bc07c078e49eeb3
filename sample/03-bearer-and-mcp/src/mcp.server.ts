import { McpServer, type AuthInfo, type McpRequestContext } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { ALBUMS, newAlbum } from './albums.js';

/** Scopes that a call of a tool needs beside `albums:read`. */
export const TOOL_SCOPES: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['add_album', ['albums:write']],
]);

/** MCP server for one request; the guard has checked the token and its scopes. */
export function albumsServer({ authInfo }: McpRequestContext): McpServer {
  const server = new McpServer({ name: 'albums', version: '1.0.0' });
  server.registerTool('list_albums', { description: 'Lists the albums.' }, () =>
    text(`Albums for ${userOf(authInfo)}: ${ALBUMS.map(({ title }) => title).join(', ')}`),
  );
  const inputSchema = z.object({ title: z.string().min(1) });
  server.registerTool('add_album', { description: 'Adds an album.', inputSchema }, ({ title }) =>
    text(`${userOf(authInfo)} added ${newAlbum(title).title}.`),
  );
  return server;
}

function userOf(authInfo: AuthInfo | undefined): string {
  return String(authInfo?.extra?.sub);
}

function text(content: string) {
  return { content: [{ type: 'text' as const, text: content }] };
}
