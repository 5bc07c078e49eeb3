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

/** Demonstration page; its buttons run a client of the API of this application. */
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
    if (!tried) throw new NotFoundException('The case does not exist.');
    const client = new AlbumsClient(this.origin, this.uma, this.registered);
    await tried.run(client);
    return demoPage(RESOURCES, CASES, { name, exchanges: client.exchanges });
  }

  /** Redirects to the page of the sandbox on which the resource owner decides. */
  @Get('owner')
  @Redirect()
  owner() {
    return { url: `${this.options.site.op_host}/uma/requests` };
  }
}

/** Resources declared by `AlbumsController`. */
const RESOURCES: readonly Resource[] = [
  { method: 'GET', path: '/api/albums', scopes: ['view'] },
  { method: 'POST', path: '/api/albums', scopes: ['add'] },
  { method: 'GET', path: '/api/albums/:id', scopes: ['view'] },
  { method: 'DELETE', path: '/api/albums/:id', scopes: ['delete'] },
  { method: 'POST', path: '/api/albums/:id/loan', scopes: ['borrow'] },
  { method: 'GET', path: '/api/albums/mine', scopes: ['view'] },
];
