import { Controller, Get, Logger, Req, Res, VERSION_NEUTRAL } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleInit } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { OxdConfigurationError } from '../../base/errors.js';
import { RESOURCE_METADATA_PATH } from '../../http/resource-metadata-url.js';
import { logContext } from '../../options/log-context.js';
import { OxdOptions } from '../../options/oxd.options.js';
import { httpRoutes } from '../../routes/http-routes.js';
import { UmaPublic } from '../../uma/declarations/uma-public.decorator.js';
import { BearerPublic } from '../declarations/bearer-public.decorator.js';
import {
  isMetadataUrl,
  metadataPath,
  pathSegments,
  resourceMetadata,
  type ResourceMetadata,
} from './resource-metadata.js';

/** Property of an Express or Fastify request that the controller reads. */
interface MetadataRequest {
  /** Path and query. */
  readonly url: string;
}

/**
 * Path of the resource after the well-known path, one pattern for each number of segments: Fastify accepts
 * no named wildcard, and for another one NestJS warns on Express.
 */
const PATHS = ['', ':a', ':a/:b', ':a/:b/:c', ':a/:b/:c/:d'];
const MAX_SEGMENTS = PATHS.length - 1;

const CORS = { 'Access-Control-Allow-Origin': '*' };
const FOUND = { ...CORS, 'Cache-Control': 'public, max-age=3600' };
const NOT_FOUND = { ...CORS, 'Cache-Control': 'no-store' };

/**
 * Serves the metadata of the API, by which clients find the authorization server: at
 * `/.well-known/oauth-protected-resource`, and at the same path with that of `bearer.resource` after it.
 * Add it to `controllers` of a module that imports `OxdModule`. It is public for `BearerGuard` and
 * `UmaGuard`. Scripts of every origin may read the document, and caches store it for an hour.
 *
 * A global prefix moves the document to a path that no client requests; start-up warns.
 *
 * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID at start-up, without option `bearer.resource`
 *   or if its path has more than 4 segments
 * @see RFC 9728 §3
 */
@Controller({ path: RESOURCE_METADATA_PATH, version: VERSION_NEUTRAL })
@BearerPublic()
@UmaPublic()
export class ProtectedResourceController implements OnModuleInit, OnApplicationBootstrap {
  // `#` instead of `private`, so that a printed controller does not show the whole application.
  readonly #metadata: ResourceMetadata;
  readonly #log: Logger;
  readonly #adapterHost: HttpAdapterHost;
  readonly #modules: ModulesContainer;
  readonly #config: ApplicationConfig;

  constructor(
    options: OxdOptions,
    adapterHost: HttpAdapterHost,
    modules: ModulesContainer,
    config: ApplicationConfig,
  ) {
    const metadata = resourceMetadata(options);
    if (!metadata) throw new OxdConfigurationError([NO_RESOURCE]);
    if (pathSegments(metadata) > MAX_SEGMENTS) throw new OxdConfigurationError([TOO_DEEP]);
    this.#metadata = metadata;
    this.#log = new Logger(logContext('ProtectedResourceController', options));
    this.#adapterHost = adapterHost;
    this.#modules = modules;
    this.#config = config;
  }

  /** Adds the path with a slash at the end, which no route of NestJS has on Fastify. Called by Nest. */
  onModuleInit(): void {
    const { httpAdapter } = this.#adapterHost;
    if (httpAdapter?.getType() !== 'fastify') return;
    const path = metadataPath(this.#metadata);
    httpAdapter.get(`${path}/`, (request: MetadataRequest, reply: unknown) =>
      this.send(request, reply),
    );
  }

  /** Warns if the document has another path than clients request. Called by Nest. */
  onApplicationBootstrap(): void {
    const routes = httpRoutes({
      modules: this.#modules,
      config: this.#config,
      normalize: (template) => template,
    });
    const [moved] = routes
      .filter(({ controller }) => controller === this.constructor)
      .flatMap(({ templates }) => templates)
      .filter((template) => !template.startsWith(RESOURCE_METADATA_PATH));
    if (moved !== undefined) this.#log.warn(`The metadata is served at ${moved}, ${MOVED}`);
  }

  /**
   * Sends the document, or 404 for the path of another resource. Called by Nest. It sends the response
   * itself, because an interceptor of the application could change a returned document.
   */
  @Get(PATHS)
  send(@Req() { url }: MetadataRequest, @Res() response: unknown): void {
    const { httpAdapter } = this.#adapterHost;
    const isFound = isMetadataUrl(url, this.#metadata);
    for (const [name, value] of Object.entries(isFound ? FOUND : NOT_FOUND)) {
      httpAdapter.setHeader(response, name, value);
    }
    const [body, status] = isFound ? [this.#metadata, 200] : [NOT_FOUND_BODY, 404];
    httpAdapter.reply(response, body, status);
  }
}

const NO_RESOURCE =
  'bearer.resource: is required by ProtectedResourceController; set it to the URL of the API';
const TOO_DEEP = `bearer.resource: must have at most ${MAX_SEGMENTS} path segments for ProtectedResourceController`;
const MOVED =
  `but clients request ${RESOURCE_METADATA_PATH}. Exclude this path and ` +
  `${RESOURCE_METADATA_PATH}/*path from the global prefix.`;
const NOT_FOUND_BODY = { statusCode: 404, message: 'This is no resource of the API.' };
