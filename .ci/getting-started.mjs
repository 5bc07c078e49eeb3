// Runs docs/getting-started.md as printed, except that `nest add` gets the packed package: every block in its order,
// the login with Chromium, and a comparison of the texts that the page shows.
import { cp, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expectText, logIn, responds, run, start, withPackage } from './new-project.mjs';

const PAGE = 'docs/getting-started.md';
/** Commands that run until Ctrl-C, and a URL that responds when they are ready. */
const SERVERS = {
  'npx nestjs-oxd sandbox': 'http://localhost:9400/.well-known/openid-configuration',
  'npm start': 'http://localhost:3000',
};
const ADD = 'nest add nestjs-oxd';
/** Steps of the login and logout: user and buttons are bold, the password and the texts of the application are code. */
const LOGIN = /<(http:\S+)\/login>[^]*/;
/** Number of texts of the page that are compared: login, result of the client, result of the tests. */
const COMPARISONS = 3;

await withPackage(async (folder, tarball) => {
  const page = await readFile(join(import.meta.dirname, '..', PAGE), 'utf8');
  const [, ...parts] = `\n${page}`.split(/^```(\w*)\n([^]*?)^```$/m);
  const terminal = { tarball, cwd: folder, output: '', compared: 0, servers: new Map() };
  try {
    let before = page.slice(0, page.indexOf('```'));
    for (let row = 0; row < parts.length; row += 3) {
      const [language, code, after] = parts.slice(row, row + 3);
      await take(terminal, { before, language, code });
      await compare(terminal, after);
      before = after;
    }
    expectText(`${terminal.compared} comparisons`, `${COMPARISONS} comparisons`);
  } finally {
    for (const server of terminal.servers.values()) await server.stop();
  }
});
console.log(`${PAGE}: ok, ${Math.round(process.uptime())} s`);

/** Does what a block of the page contains: a file, an expected output, a server or commands. */
async function take(terminal, { before, language, code }) {
  if (language === 'js') {
    const [, name] = /file `(\S+)`:\s+$/.exec(before);
    await writeFile(join(terminal.cwd, name), code);
  } else if (language === '') {
    expectLine(terminal.output, code.trim());
  } else if (Object.keys(SERVERS).some((command) => code.startsWith(command))) {
    await serve(terminal, code);
  } else {
    await runCommands(terminal, code);
  }
}

/** Does and compares what a text of the page states. */
async function compare(terminal, text) {
  const { output } = terminal;
  const [, printed] = /^It prints `(.+?)`/m.exec(text) ?? [];
  if (printed) expectText(output.trim(), printed);
  const [, tests, files] = /^All (\d+) tests in (\d+) files pass/m.exec(text) ?? [];
  if (tests) expectPassed(stripVTControlCharacters(output), { tests, files });
  const [steps, origin] = LOGIN.exec(text) ?? [];
  if (origin) await logIn(origin, loginSteps(steps));
  terminal.compared += [printed, tests, origin].filter(Boolean).length;
}

function loginSteps(text) {
  const all = (pattern) => [...text.matchAll(pattern)].map(([, match]) => match);
  const [user, ...buttons] = all(/\*\*(.+?)\*\*/g);
  const [password, ...texts] = all(/`(.+?)`/g);
  return { user, password, buttons, texts };
}

/** Starts a server, after the end of the one with the same command. */
async function serve({ cwd, servers }, code) {
  const [command, url] = Object.entries(SERVERS).find(([start]) => code.startsWith(start));
  await servers.get(command)?.stop();
  const isForeign = await fetch(url).catch(() => undefined);
  if (isForeign) throw new Error(`Another process listens on ${url}.`);
  const server = start(cwd, ['bash', '-ec', code]);
  servers.set(command, server);
  await responds(url, server).catch((cause) => {
    throw new Error(server.output(), { cause });
  });
}

async function runCommands(terminal, code) {
  let commands = code;
  if (code.includes(ADD)) {
    await cp(terminal.tarball, join(terminal.cwd, basename(terminal.tarball)));
    commands = code.replace(ADD, `${ADD}@file:${basename(terminal.tarball)}`);
  }
  const lines = await run(terminal.cwd, 'bash', '-ec', `${commands}\necho; pwd`);
  const [, output, cwd] = /^([^]*)\n(.+)\n$/.exec(lines);
  Object.assign(terminal, { output, cwd });
}

/** Expects a line, in which "…" stands for any text. */
function expectLine(output, line) {
  const pattern = line.split('…').map(escaped);
  if (!new RegExp(`^${pattern.join('.+')}\\r?$`, 'm').test(output)) expectText(output, line);
}

/** Expects the summary of Vitest. */
function expectPassed(output, { tests, files }) {
  for (const summary of [
    `Test Files  ${files} passed (${files})`,
    `Tests  ${tests} passed (${tests})`,
  ])
    if (!output.includes(summary)) expectText(output, summary);
}

function escaped(text) {
  return text.replaceAll(/[^\w\s]/g, String.raw`\$&`);
}
