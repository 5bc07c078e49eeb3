import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { KeycloakServer } from './server.mjs';

const VERSION = '26.7.3';
const NAME = `keycloak-quarkus-dist-${VERSION}.tar.gz`;
const OLDEST_JAVA = 17;

/**
 * Returns the folder of an unpacked distribution that has been started once: its build is done, and
 * the folder `database` holds the database of that start, with an administrator and no realm of ours.
 * The first call takes a minute; the result stays in the cache.
 *
 * @param abort signal that ends the work
 */
export async function preparedDistribution(abort) {
  await requireJava(abort);
  const folder = join(cacheFolder(), `keycloak-${VERSION}`);
  if (await exists(folder)) return folder;
  // A folder of this process, renamed at the end: another run may prepare the same version.
  const draft = `${folder}.${process.pid}`;
  try {
    await unpack(draft, abort);
    await startOnce(draft, abort);
    await rename(draft, folder).catch(async (error) => {
      if (!(await exists(folder))) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}

function cacheFolder() {
  const { KEYCLOAK_CACHE, XDG_CACHE_HOME } = process.env;
  return KEYCLOAK_CACHE ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'nestjs-oxd');
}

async function unpack(folder, abort) {
  await mkdir(folder, { recursive: true });
  const artifact = `org.keycloak:keycloak-quarkus-dist:${VERSION}:tar.gz`;
  const copy = [`-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`];
  console.log(`Keycloak ${VERSION}: fetching ${artifact} with Maven`);
  await run('mvn', ['-B', '-q', 'dependency:copy', ...copy], {
    missing:
      'The Keycloak suite fetches Keycloak with Maven. Install it (apt-get install -y maven).',
    abort,
    failed: `Maven could not fetch ${artifact}. Check its access to a repository`,
  });
  const archive = join(folder, NAME);
  await run('tar', ['xzf', archive, '-C', folder, '--strip-components=1'], {
    missing: 'The Keycloak suite unpacks Keycloak with tar. Install it.',
    abort,
    failed: `${archive} could not be unpacked`,
  });
  await rm(archive);
}

async function startOnce(folder, abort) {
  console.log(`Keycloak ${VERSION}: first start, which takes about a minute`);
  const server = new KeycloakServer(folder, join(folder, 'database'), abort);
  try {
    await server.start();
  } finally {
    await server.stop();
  }
}

async function requireJava(abort) {
  const { JAVA_HOME } = process.env;
  const java = JAVA_HOME ? join(JAVA_HOME, 'bin', 'java') : 'java';
  const install = `Install Java ${OLDEST_JAVA} or later (apt-get install -y default-jre-headless).`;
  const output = await run(java, ['-version'], {
    missing: `The Keycloak suite needs Java, and there is no ${java}. ${install}`,
    abort,
    failed: `${java} does not start`,
  });
  const major = Number(/version "(\d+)/.exec(output)?.[1]);
  if (major < OLDEST_JAVA) throw new Error(`Java ${major} is too old for Keycloak. ${install}`);
}

async function run(command, args, { missing, failed, abort }) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], signal: abort });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  const [code] = await once(child, 'close').catch((cause) => {
    abort.throwIfAborted();
    throw new Error(missing, { cause });
  });
  if (code !== 0) throw new Error(`${failed}:\n${output}`);
  return output;
}

function exists(path) {
  return access(path).then(
    () => true,
    () => false,
  );
}
