import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { MemoryStore, OidcService, OxdModule } from 'nestjs-oxd';

/** Starts although the provider is down; the first login reports the failure. */
const app = await NestFactory.createApplicationContext(
  OxdModule.forRoot({
    site: {
      op_host: 'http://localhost:9',
      authorization_redirect_uri: 'http://localhost:3000/callback',
    },
    transport: { type: 'embedded', allowInsecureRequests: true },
    secret: 'a secret of this test with 32 and more characters',
    store: new MemoryStore(),
  }),
  { logger: false },
);
const failure: unknown = await app
  .get(OidcService)
  .startLogin()
  .catch((error: unknown) => error);
await app.close();
await expectMissing('config', '@nestjs/config');
await expectMissing('passport', 'passport');
await expectMissing('redis', 'redis');
if ((failure as { code?: unknown }).code !== 'OXD_COMMAND_FAILED') throw failure;
console.log('started');

/** Expects the import of an entry to fail with an error that names its missing peer. */
async function expectMissing(entry: string, peer: string): Promise<void> {
  const name = `nestjs-oxd/${entry}`;
  const { message } = (await import(name).catch((error: unknown) => error)) as Error;
  if (!message.includes(`Cannot find package '${peer}'`)) throw new Error(`${name}: ${message}`);
}
