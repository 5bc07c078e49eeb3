import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Administrator of the databases that these tests create. */
export const ADMINISTRATOR = { name: 'admin', password: 'administrator-of-the-tests' };

const START_LIMIT = 240_000;
const STOP_LIMIT = 20_000;

/** A Keycloak on a free loopback port. It keeps its port and its database between two starts. */
export class KeycloakServer {
  #distribution;
  #database;
  #abort;
  #process;
  #port;

  /**
   * @param database folder of the database; created by the first start if it is missing
   * @param abort signal that makes a start fail
   */
  constructor(distribution, database, abort) {
    this.#distribution = distribution;
    this.#database = database;
    this.#abort = abort;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Process group of the running Keycloak. */
  get group() {
    return this.#process?.pid;
  }

  /** Starts Keycloak unless it runs, and waits until it responds. */
  async start() {
    this.#abort.throwIfAborted();
    if (this.#process) return;
    this.#port ??= await freePort();
    await mkdir(this.#database, { recursive: true });
    const log = join(this.#database, 'keycloak.log');
    // An own process group: a Ctrl-C must reach the tests first, and kc.sh may stay as the
    // parent of java.
    this.#process = spawn('bin/kc.sh', this.#arguments(), {
      cwd: this.#distribution,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        KC_BOOTSTRAP_ADMIN_USERNAME: ADMINISTRATOR.name,
        KC_BOOTSTRAP_ADMIN_PASSWORD: ADMINISTRATOR.password,
      },
    });
    const file = createWriteStream(log, { flags: 'a' });
    this.#process.stdout.pipe(file, { end: false });
    this.#process.stderr.pipe(file, { end: false });
    this.#process.once('close', () => file.end());
    await this.#ready(log);
  }

  /** Ends Keycloak and all its processes, also when it is frozen. */
  async stop() {
    const running = this.#process;
    this.#process = undefined;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const exited = once(running, 'exit').then(() => true);
    signal(running, 'SIGCONT');
    signal(running, 'SIGTERM');
    const late = pause(STOP_LIMIT, false, { ref: false });
    if (!(await Promise.race([exited, late]))) signal(running, 'SIGKILL');
    await exited;
  }

  /** Halts every process of Keycloak: connections stay open and get no response. */
  freeze() {
    if (this.#process) signal(this.#process, 'SIGSTOP');
  }

  /** Resumes a frozen Keycloak. */
  resume() {
    if (this.#process) signal(this.#process, 'SIGCONT');
  }

  #arguments() {
    const file = join(this.#database, 'keycloakdb');
    return [
      'start-dev',
      '--http-host=127.0.0.1',
      `--http-port=${this.#port}`,
      `--db-url=jdbc:h2:file:${file};NON_KEYWORDS=VALUE`,
    ];
  }

  async #ready(log) {
    const deadline = Date.now() + START_LIMIT;
    while (!(await responds(`${this.url}/realms/master`))) {
      const ended = this.#process.exitCode !== null || this.#process.signalCode !== null;
      if (ended || Date.now() > deadline) {
        const lines = (await readFile(log, 'utf8')).trim().split('\n').slice(-30);
        const reason = ended ? 'ended' : 'did not respond in time';
        throw new Error(`Keycloak ${reason} while it started:\n${lines.join('\n')}`);
      }
      await pause(200, undefined, { signal: this.#abort });
    }
  }
}

function responds(url) {
  return fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
    async (response) => {
      await response.body?.cancel();
      return response.ok;
    },
    () => false,
  );
}

/** Sends a signal to the whole process group. */
function signal({ pid }, name) {
  try {
    process.kill(-pid, name);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
