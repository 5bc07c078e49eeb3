import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { ConfigModule, type ConfigType } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import { OidcService, OxdConfigurationError, OxdModule, OxdStoreError } from 'nestjs-oxd';
import { oxdConfig } from 'nestjs-oxd/config';
import { OidcStrategy } from 'nestjs-oxd/passport';
import { RedisStore } from 'nestjs-oxd/redis';
import { startSandbox } from 'nestjs-oxd/sandbox';
import { OxdServer } from 'nestjs-oxd/testing';

@Module({
  imports: [
    OxdModule.forRootAsync({
      isGlobal: true,
      imports: [ConfigModule.forRoot({ ignoreEnvFile: true, load: [oxdConfig] })],
      inject: [oxdConfig.KEY],
      useFactory: (options: ConfigType<typeof oxdConfig>) => options,
    }),
  ],
  providers: [OidcStrategy],
})
class AppModule {}

/** Imports every entry point and starts a login at a provider in this process. */
async function main(): Promise<void> {
  const sandbox = await startSandbox({ port: 0, clientsFile: false, quiet: true });
  Object.assign(process.env, {
    OXD_OP_HOST: sandbox.issuer,
    OXD_AUTHORIZATION_REDIRECT_URI: 'http://localhost:3000/callback',
    OXD_TRANSPORT_TYPE: 'embedded',
    OXD_TRANSPORT_ALLOW_INSECURE_REQUESTS: 'true',
    OXD_SECRET: 'a-secret-of-this-test-with-32-and-more-characters',
  });
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['warn', 'error'] });
  const { url } = await app.get(OidcService).startLogin({ returnTo: '/' });
  await app.close();
  await sandbox.close();
  const redis = new RedisStore({ redis: { url: 'redis://127.0.0.1:9' }, timeout: 1000 });
  const outage: unknown = await redis.get('key').catch((error: unknown) => error);
  await redis.close();
  const isValid =
    url.startsWith(sandbox.issuer) &&
    app.get(OidcStrategy) instanceof OidcStrategy &&
    typeof OxdServer === 'function' &&
    outage instanceof OxdStoreError &&
    new OxdConfigurationError([]).code === 'OXD_CONFIGURATION_INVALID';
  if (!isValid) throw new Error('The package does not work as expected.');
  console.log('started');
}

void main();
