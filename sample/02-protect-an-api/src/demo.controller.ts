import {
  Controller,
  Get,
  HttpCode,
  NotFoundException,
  Param,
  Post,
  Redirect,
} from '@nestjs/common';
import { OxdOptions, UmaService } from 'nestjs-oxd';
import { CASES } from './cases.js';
import { AlbumsClient } from './client.js';
import { demoPage, type Resource } from './pages.js';
import { RegisteredClient } from './registered-client.js';

/** The page, and what its buttons do: this application plays a client of its own API. */
@Controller()
export class DemoController {
  private readonly origin: string;

  constructor(
    private readonly uma: UmaService,
    private readonly registered: RegisteredClient,
    private readonly options: OxdOptions,
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
    const client = new AlbumsClient(this.origin, this.uma, this.registered);
    await tried.run(client);
    return demoPage(RESOURCES, CASES, { name, exchanges: client.exchanges });
  }

  /** Where the authorization server for development asks the owner. */
  @Get('owner')
  @Redirect()
  owner() {
    return { url: `${this.options.site.op_host}/uma/requests` };
  }
}

/** What `AlbumsController` declares. */
const RESOURCES: readonly Resource[] = [
  { method: 'GET', path: '/api/albums', scopes: ['view'] },
  { method: 'POST', path: '/api/albums', scopes: ['add'] },
  { method: 'GET', path: '/api/albums/:id', scopes: ['view'] },
  { method: 'DELETE', path: '/api/albums/:id', scopes: ['delete'] },
  { method: 'POST', path: '/api/albums/:id/loan', scopes: ['borrow'] },
  { method: 'GET', path: '/api/albums/mine', scopes: ['view'] },
];
