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
import { OxdOptions } from 'nestjs-oxd';
import { demoPage, type Tried } from './pages.js';
import { visitorOf, type Visitor } from './session.js';
import { STEPS } from './steps.js';

/** Demonstration page; its buttons send requests to the API and the MCP server of this application. */
@Controller()
export class DemoController {
  private readonly origin: string;
  private readonly resource: string;

  constructor({ baseUrl, bearer }: OxdOptions) {
    this.origin = new URL(baseUrl).origin;
    this.resource = bearer.resource ?? '';
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
    const step = STEPS.find((one) => one.name === name);
    if (!step) throw new NotFoundException('The step does not exist.');
    const token = visitorOf(session)?.token;
    // The page, where the login of the visitor was still valid, offers a new one.
    if (step.needsUser && token === undefined) return response.redirect(303, `/#${name}`);
    const exchanges = await step.run(this.origin, token);
    response.send(this.page(session, { name, exchanges }));
  }

  /** Leads a reloaded or shared address of a button back to it. */
  @Get('try/:name')
  @Redirect()
  back(@Param('name') name: string) {
    return { url: `/#${encodeURIComponent(name)}` };
  }

  private page(session: Visitor, tried?: Tried): string {
    return demoPage({ resource: this.resource, visitor: visitorOf(session), tried });
  }
}
