// Runs `nest add nestjs-oxd` from the packed package in new projects of Nest CLI 11 and 12, with login, protection,
// both, and in an application of a monorepo: the generated code must build, pass lint and its tests, log a user in with
// Chromium, and protect its route.
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { callAlbums, freePort, logIn, responds, run, start, withPackage } from './new-project.mjs';

const ADD = ['npx', 'nest', 'add', 'nestjs-oxd', '--skip-install', '--defaults'];
const INSTALL = ['npm', 'install', '--no-audit', '--no-fund', '--prefer-offline'];
const POLICY = "export const policies = () => 'grant';\n";

const CLIS = [
  // The file main.ts of Nest CLI 11 has a warning.
  { cli: '11', lint: ['eslint', '--max-warnings=1'], main: 'dist/apps/shop/main.js' },
  // Nest CLI 12 builds a monorepo with Rspack, which a new project lacks; `tsc` needs no package.
  { cli: '12', lint: ['oxlint', '--type-aware'], main: 'dist/apps/shop/apps/shop/src/main.js' },
];

// Both at the same time: the installations of one leave half of the processor to the other.
await withPackage((folder, tarball) =>
  Promise.all(CLIS.map((cli) => proveCli({ folder, tarball, ...cli }))),
);

async function proveCli({ folder, tarball, cli, lint, main }) {
  const project = await makeProject({ folder, cli, tarball });
  if (cli === '11') await proveNothingHalfWritten(project);
  const app = { src: 'src', build: [], main: 'dist/main.js', login: true, protect: true };
  const shop = { ...app, src: 'apps/shop/src', build: ['shop', '--builder', 'tsc'], main };
  for (const [title, variant] of [
    ['protection', { ...app, login: false, flags: ['--login=false'] }],
    ['login', { ...app, protect: false, flags: ['--protect=false'] }],
    ['login and protection', { ...app, flags: [] }],
    ['login and protection in a monorepo', { ...shop, flags: ['--project=shop'] }],
  ]) {
    await project.reset();
    await prove(project.cwd, lint, variant);
    console.log(`Nest CLI ${cli}, ${title}: ok, ${Math.round(process.uptime())} s`);
  }
}

/** Makes a project with the package; `reset` returns to this state, and keeps what is installed. */
async function makeProject({ folder, cli, tarball }) {
  const name = `app${cli}`;
  const create = ['new', name, '-p', 'npm', '--skip-git', '--skip-install'];
  await run(folder, 'npx', '-y', `@nestjs/cli@${cli}`, ...create);
  const [cwd, original] = [join(folder, name), join(folder, `original${cli}`)];
  await run(cwd, ...INSTALL, tarball);
  await mkdir(original);
  const copy = async (from, to) => {
    for (const file of await files(from)) {
      await cp(join(from, file), join(to, file), { recursive: true });
    }
  };
  await copy(cwd, original);
  const reset = async () => {
    for (const file of await files(cwd)) await rm(join(cwd, file), { recursive: true });
    await copy(original, cwd);
  };
  return { cwd, original, reset };
}

/** Fails at a later file, the configuration of Jest, and compares every file. */
async function proveNothingHalfWritten({ cwd, original }) {
  await writeFile(join(cwd, 'test/jest-e2e.json'), '{');
  await run(cwd, ...ADD);
  await run(cwd, 'diff', '-r', '-x', 'node_modules', '-x', 'jest-e2e.json', original, cwd);
}

async function files(folder) {
  return (await readdir(folder)).filter((name) => name !== 'node_modules');
}

async function prove(cwd, lint, { src, build, main, flags, login, protect }) {
  if (src !== 'src') await run(cwd, 'npx', 'nest', 'generate', 'app', 'shop');
  await run(cwd, ...ADD, ...flags);
  await run(cwd, ...INSTALL);
  const again = await run(cwd, ...ADD, ...flags);
  if (/CREATE|UPDATE/.test(again)) throw new Error(`The second run changed files:\n${again}`);
  await Promise.all([
    run(cwd, 'npx', 'nest', 'build', ...build),
    run(cwd, 'npx', ...lint, src),
    run(cwd, 'npx', 'prettier', '--check', src),
  ]);
  await run(cwd, 'npm', 'test');
  await proveRunning(cwd, { main, login, protect });
}

async function proveRunning(cwd, { main, login, protect }) {
  const [port, sandboxPort] = [await freePort(), await freePort()];
  const origin = `http://localhost:${port}`;
  const issuer = `http://localhost:${sandboxPort}`;
  const example = await readFile(join(cwd, '.env.example'), 'utf8');
  const variables = example
    .replaceAll('http://localhost:3000', origin)
    .replaceAll('http://localhost:9400', issuer);
  await writeFile(join(cwd, '.env'), variables);
  await writeFile(join(cwd, 'policies.mjs'), POLICY);
  const options = [`--port=${sandboxPort}`, '--policy=policies.mjs'];
  const sandbox = start(cwd, ['node_modules/.bin/nestjs-oxd', 'sandbox', ...options]);
  // Nest CLI 12 reads PORT in a project, and `port` in a monorepo.
  const app = start(cwd, ['node', main], { ...process.env, PORT: `${port}`, port: `${port}` });
  try {
    await responds(`${issuer}/.well-known/openid-configuration`, sandbox);
    await responds(origin, app);
    if (login) await logIn(origin);
    if (protect) await callAlbums(`${origin}/albums`, issuer);
  } catch (error) {
    throw new Error(`${error.message}\n${sandbox.output()}${app.output()}`, { cause: error });
  } finally {
    await app.stop();
    await sandbox.stop();
  }
}
