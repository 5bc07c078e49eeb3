import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OxdStore } from '../../lib/store/oxd-store.js';
import type { RedisServer } from './redis-server.js';

/** The class of `docs/stores.md`. */
export type DocumentedStore = Required<OxdStore> & { close(): void };

const PAGE = join(import.meta.dirname, '../../docs/stores.md');
const GENERATED = join(import.meta.dirname, '.generated');

/**
 * Loads the class `RedisStore` out of `docs/stores.md` as it stands there. That it compiles is what
 * `test/readme.spec.ts` checks for every example.
 */
export async function documentedStore(): Promise<(redis: RedisServer) => DocumentedStore> {
  const page = await readFile(PAGE, 'utf8');
  const source = /^```ts redis-store\n([^]*?)^```$/m.exec(page)?.[1];
  if (source === undefined) throw new Error('docs/stores.md has no block "ts redis-store"');
  const file = join(GENERATED, 'redis-store.ts');
  await mkdir(GENERATED, { recursive: true });
  await writeFile(join(GENERATED, '.gitignore'), '*\n');
  // Another test file may be reading it right now.
  await writeFile(`${file}.${process.pid}`, source);
  await rename(`${file}.${process.pid}`, file);
  const { RedisStore } = (await import(file)) as {
    RedisStore: new (options: RedisServer['client']) => DocumentedStore;
  };
  return (redis) => new RedisStore(redis.client);
}
