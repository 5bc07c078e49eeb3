// An application with one protected route on Express or Fastify, and one contestant as its guard. Runs in
// its own process, which measures its own CPU and memory.
import 'reflect-metadata';
import { setImmediate } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';
import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { MemoryStore } from 'nestjs-oxd';
import { answerParent } from '../support/processes.mjs';
import { contestants } from './contestants.mjs';
import { startProfile } from './profile.mjs';

const ADAPTERS = { express: ExpressAdapter, fastify: FastifyAdapter };

class CountingStore extends MemoryStore {
  reads = 0;

  get(key) {
    this.reads += 1;
    return super.get(key);
  }
}

const store = new CountingStore();
let finishProfile;

answerParent({
  start,
  usage: () => ({ ...process.cpuUsage(), reads: store.reads, old: oldBytes() }),
  heap,
  startProfile: async () => void (finishProfile = await startProfile()),
  finishProfile: ({ file }) => finishProfile(file),
});

async function start({ contestant, platform, servers }) {
  const { open } = contestants.find(({ name }) => name === contestant);
  const root = applicationModule(await open(servers, store));
  const app = await NestFactory.create(root, new ADAPTERS[platform](), {
    logger: ['fatal', 'error'],
  });
  await app.listen(0, '127.0.0.1');
  return { port: app.getHttpServer().address().port };
}

/** Memory of the objects that V8 collects only in full garbage collections, in bytes. */
function oldBytes() {
  return getHeapSpaceStatistics()
    .filter(({ space_name }) => !space_name.startsWith('new_'))
    .reduce((sum, { space_used_size }) => sum + space_used_size, 0);
}

/** Memory in use after garbage collection, in bytes. */
async function heap() {
  for (let run = 0; run < 3; run += 1) {
    await setImmediate();
    globalThis.gc();
  }
  return { heap: process.memoryUsage().heapUsed };
}

function applicationModule({ imports = [], guard, declare }) {
  class AlbumsController {
    list() {
      return ['Kind of Blue'];
    }
  }
  const handler = Object.getOwnPropertyDescriptor(AlbumsController.prototype, 'list');
  Get()(AlbumsController.prototype, 'list', handler);
  declare?.({ scopes: ['view'] })(AlbumsController.prototype, 'list', handler);
  UseGuards(guard)(AlbumsController);
  Controller('albums')(AlbumsController);

  class ApplicationModule {}
  Module({ imports, controllers: [AlbumsController] })(ApplicationModule);
  return ApplicationModule;
}
