import {
  Controller,
  Get,
  NotFoundException,
  Param,
  Post,
  Redirect,
  Req,
  Res,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { OxdOptions, UmaService } from 'nestjs-oxd';
import { AlbumResources } from './album-resources.js';
import { casesOf } from './cases.js';
import { AlbumsClient } from './client.js';
import { demoPage, type Tried } from './pages.js';
import { userOf, type Visitor } from './session.js';
import { STEPS } from './steps.js';

/** Demonstration page; its buttons run a client of the API of this application. */
@Controller()
export class DemoController {
  private readonly origin: string;
  private readonly server: string;

  constructor(
    private readonly uma: UmaService,
    private readonly albums: AlbumResources,
    { baseUrl, site }: OxdOptions,
  ) {
    this.origin = new URL(baseUrl).origin;
    this.server = site.op_host;
  }

  @Get()
  show(@Req() { session }: Request): string {
    return this.page(session);
  }

  @Post('try/:name')
  async try(
    @Param('name') name: string,
    @Req() { session }: Request,
    @Res() response: Response,
  ): Promise<void> {
    const tried = [...STEPS, ...casesOf(this.albums.areSeparate)].find((one) => one.name === name);
    if (!tried) throw new NotFoundException('The case does not exist.');
    // The page, where the login of the visitor was still valid, offers a new one.
    if ('needsUser' in tried && tried.needsUser && !userOf(session)) {
      return response.redirect(303, `/#${name}`);
    }
    const client = new AlbumsClient(this.origin, this.uma, session);
    await tried.run(client);
    const { exchanges, outcome } = client;
    response.send(this.page(session, { name, exchanges, outcome }));
  }

  /** Leads a reloaded or shared address of a button back to it. */
  @Get('try/:name')
  @Redirect()
  back(@Param('name') name: string) {
    return { url: `/#${encodeURIComponent(name)}` };
  }

  /** Redirects to the page of the sandbox on which the resource owner decides. */
  @Get('owner')
  @Redirect()
  owner() {
    return { url: `${this.server}/uma/requests` };
  }

  private page(visitor: Visitor, tried?: Tried): string {
    const { server } = this;
    const { areSeparate } = this.albums;
    const isWaiting = visitor.waiting !== undefined;
    return demoPage({ server, areSeparate, user: userOf(visitor), isWaiting, tried });
  }
}
