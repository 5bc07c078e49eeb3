import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { All, Controller, Req, Res, UseGuards } from '@nestjs/common';
import type { ExecutionContext, OnApplicationShutdown } from '@nestjs/common';
import type { Request, Response } from 'express';
import { BearerGuard, BearerProtected, OxdUser, type BearerUser } from 'nestjs-oxd';
import { albumsServer, TOOL_SCOPES } from './mcp.server.js';

/** MCP server over HTTP. The guard checks the token of every request before MCP sees it. */
@Controller('mcp')
@UseGuards(BearerGuard)
export class McpController implements OnApplicationShutdown {
  private readonly server = createMcpHandler(albumsServer);
  private readonly handle = toNodeHandler(this.server);

  @All()
  @BearerProtected({ scopes: neededScopes })
  serve(
    @Req() request: Request,
    @Res() response: Response,
    @OxdUser() { sub, claims, tokens }: BearerUser,
  ): Promise<void> {
    const { client_id, scope } = claims;
    const scopes = String(scope).split(' ');
    const token = tokens.access_token;
    const auth = { token, clientId: String(client_id), scopes, extra: { sub } };
    return this.handle(Object.assign(request, { auth }), response, request.body);
  }

  onApplicationShutdown(): Promise<void> {
    return this.server.close();
  }
}

/** Every scope that a request needs: clients request all scopes of the response at once. */
function neededScopes(context: ExecutionContext): readonly string[] {
  const { body } = context.switchToHttp().getRequest<{ readonly body?: Message | Message[] }>();
  // A batch is a list of messages.
  const tools = [body].flat().map((message) => message?.params?.name);
  return ['albums:read', ...new Set(tools.flatMap((tool) => TOOL_SCOPES.get(tool) ?? []))];
}

/** Part of a message of MCP that names the tool to call. */
interface Message {
  readonly params?: { readonly name?: unknown };
}
