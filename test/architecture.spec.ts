import { importsOf, libFiles, libSource, type Import } from './support/source.js';

/** Files that every folder may import; what they may import themselves is a row of its own. */
const BASE = [
  'errors.ts',
  'single-flight.ts',
  'until-aborted.ts',
  'clock.ts',
  'log.ts',
  'store.ts',
  'store-lock.ts',
  'store-probe.ts',
  'keyv-rules.ts',
  'lock-file.ts',
  'file-store.ts',
  'guarded-store.ts',
  'browser-transaction.ts',
  'cookie-header.ts',
  'cookie-seal.ts',
  'state-cookies.ts',
  'site-fingerprint.ts',
  'issuer.ts',
  'log-context.ts',
  'rpt-refusal.ts',
  'hidden-values.ts',
  'uma-tokens.ts',
  'oxd.options.ts',
  'oxd.options-rules.ts',
  'network-rules.ts',
];
const PORT = 'transport/transport.ts';
const NEST = ['@nestjs/common', '@nestjs/core'];
interface Row {
  /** Values and types. */
  readonly may: readonly string[];
  /** Types alone. */
  readonly types?: readonly string[];
  /** Node's built-in modules; default every one. */
  readonly node?: readonly string[];
}

const NOTHING: Row = { may: [], node: [] };

/** Data and pure functions; `jose` only reads what a JWT says. */
const DIALECT: Row = {
  may: ['errors.ts', 'commands/', 'jose'],
  types: [PORT],
  node: [],
};

/**
 * Who may import whom: files, folders (with a slash at the end) and packages. The longest name that
 * fits a file is its row, so a file that is not listed follows its folder.
 */
const LAYERS: Record<string, Row> = {
  'errors.ts': NOTHING,
  'hidden-values.ts': NOTHING,
  'single-flight.ts': NOTHING,
  'until-aborted.ts': NOTHING,
  'clock.ts': NOTHING,
  'log.ts': NOTHING,
  'uma-tokens.ts': NOTHING,
  'rpt-refusal.ts': { may: ['errors.ts', 'uma-tokens.ts'], node: [] },
  'http-status.ts': { may: ['errors.ts'], node: [] },
  'store.ts': { may: ['errors.ts'], node: [] },
  'store-lock.ts': { may: ['errors.ts', 'store.ts', 'until-aborted.ts'] },
  'store-probe.ts': { may: ['store.ts'] },
  'keyv-rules.ts': { may: ['store.ts'], node: [] },
  'lock-file.ts': { may: [] },
  'file-store.ts': { may: ['errors.ts', 'lock-file.ts', 'store.ts'] },
  'guarded-store.ts': {
    may: ['errors.ts', 'keyv-rules.ts', 'log.ts', 'single-flight.ts', 'store-probe.ts', 'store.ts'],
  },
  'browser-transaction.ts': {
    may: ['cookie-seal.ts', 'errors.ts', 'state-cookies.ts', 'store.ts'],
    node: ['node:crypto'],
  },
  'state-cookies.ts': {
    may: ['cookie-header.ts'],
    types: ['cookie-seal.ts'],
    node: ['node:crypto'],
  },
  'cookie-header.ts': NOTHING,
  'cookie-seal.ts': { may: ['jose'], node: ['node:crypto'] },
  'issuer.ts': NOTHING,
  'log-context.ts': { may: ['oxd.options.ts'], node: [] },
  'oxd.module-imports.ts': { may: [], types: ['@nestjs/core'], node: [] },
  'site-fingerprint.ts': { may: ['oxd.options.ts'], node: ['node:crypto'] },
  'network-rules.ts': NOTHING,
  'oxd.options-rules.ts': {
    may: ['network-rules.ts', 'class-transformer', 'class-validator', 'reflect-metadata'],
    node: [],
  },
  'client-details.ts': {
    may: [],
    types: ['commands/client-metadata.ts', 'commands/dialect-client.ts'],
    node: [],
  },
  'site-rules.ts': {
    may: ['client-details.ts', 'errors.ts'],
    types: ['commands/registration.ts'],
    node: [],
  },
  'oxd.options-site.ts': {
    may: ['network-rules.ts', 'client-details.ts', 'site-rules.ts'],
    node: [],
  },
  'oxd.options.ts': {
    may: [
      ...['errors.ts', 'file-store.ts', 'oxd.options-rules.ts', 'oxd.options-site.ts', 'store.ts'],
    ],
    types: [PORT, 'commands/registration.ts'],
  },

  'wire/': { may: [...BASE, 'wire/'] },
  'wire/frame.ts': { may: ['errors.ts'], node: ['node:buffer'] },
  'wire/envelope.ts': { may: ['errors.ts'], node: [] },
  'wire/connection.ts': {
    may: [
      ...['errors.ts', 'wire/deadline.ts', 'wire/exchange.ts', 'wire/frame.ts'],
      'wire/transport-failure.ts',
    ],
  },
  'wire/connection-pool.ts': {
    may: [
      ...['errors.ts', 'wire/connection.ts', 'wire/deadline.ts', 'wire/exchange.ts'],
      ...['wire/transport-failure.ts', 'wire/waiting-line.ts'],
    ],
  },

  'transport/transport.ts': NOTHING,
  'transport/socket.transport.ts': { may: [...BASE, 'wire/', PORT] },

  'commands/': { may: [...BASE, 'commands/', PORT] },
  'commands/client-metadata.ts': NOTHING,
  'commands/registration.ts': { may: [], types: ['commands/client-metadata.ts'], node: [] },
  'commands/oidc.ts': { may: [], types: ['commands/registration.ts'], node: [] },
  'commands/uma.ts': { may: [], types: ['commands/registration.ts'], node: [] },
  'commands/command.ts': {
    may: [],
    types: ['commands/registration.ts', 'commands/oidc.ts', 'commands/uma.ts'],
    node: [],
  },
  'commands/dialect.ts': DIALECT,
  'commands/dialect-params.ts': DIALECT,
  'commands/dialect-results.ts': DIALECT,
  'commands/dialect-claims.ts': DIALECT,
  'commands/dialect-client.ts': DIALECT,
  'commands/dialect-commands.ts': DIALECT,
  'commands/dialect-members.ts': DIALECT,
  'commands/dialect-permissions.ts': DIALECT,
  'commands/dialect-result-rules.ts': DIALECT,
  'commands/dialect-uma.ts': DIALECT,
  'commands/dialect-refusals.ts': { may: [...DIALECT.may, 'rpt-refusal.ts'], node: [] },

  'engine/': {
    may: [
      ...[...BASE, 'client-details.ts', 'site-rules.ts', 'engine/', PORT],
      ...['openid-client', 'jose', 'undici', 'json-logic-js'],
    ],
    types: ['commands/'],
  },
  'engine/engine.transport.ts': { may: [...BASE, 'engine/', PORT], types: ['commands/'] },
  'engine/operations/': {
    may: [...BASE, 'engine/', 'openid-client', 'jose'],
    types: ['commands/'],
  },

  'oidc/': {
    may: [...BASE, 'oidc/', 'commands/oxd-client.ts', '@nestjs/common'],
    types: ['commands/', PORT],
    node: ['node:crypto'],
  },
  'oidc/strategy-entry.ts': NOTHING,
  'oidc/strategy-lifecycle.ts': { may: ['oidc/', 'errors.ts', ...NEST], node: [] },
  'oidc/passport-entry.ts': { may: ['oidc/', 'errors.ts', 'passport'], node: [] },
  'oidc/passport.ts': { may: ['oidc/'], node: [] },
  'oidc/login.guard.ts': {
    may: ['oidc/', 'errors.ts', 'passport', '@nestjs/common'],
    node: ['node:http'],
  },
  'oidc/oidc.strategy.ts': {
    may: [
      ...['oidc/', 'errors.ts', 'http-status.ts', 'oxd.options.ts'],
      ...['passport', '@nestjs/common', '@nestjs/passport'],
    ],
    types: ['commands/'],
    node: ['node:http'],
  },

  'uma/': {
    may: [...BASE, 'uma/', 'http-status.ts', 'commands/oxd-client.ts', ...NEST],
    types: ['commands/', PORT],
  },
  'uma/challenge.ts': { may: ['errors.ts'], node: [] },
  'uma/challenge-parser.ts': { may: ['uma-tokens.ts'], node: [] },
  'uma/uma.service.ts': {
    may: [...BASE, 'uma/challenge.ts', 'commands/oxd-client.ts', '@nestjs/common'],
    types: ['commands/', PORT],
    node: [],
  },
  'uma/rpt.decorator.ts': {
    may: ['uma/grant.ts', '@nestjs/common'],
    types: ['commands/uma.ts'],
    node: [],
  },
  'uma/uma-protected.decorator.ts': {
    may: ['uma/uma-metadata.ts', '@nestjs/core'],
    types: ['commands/uma.ts'],
    node: [],
  },
  'uma/uma-public.decorator.ts': { may: ['uma/uma-metadata.ts', '@nestjs/core'], node: [] },
  'uma/uma-resource.explorer.ts': {
    may: [...BASE, 'uma/', ...NEST],
    types: ['commands/uma.ts'],
    node: [],
  },
  'uma/uma.guard.ts': { may: ['uma/', 'errors.ts', 'http-status.ts', ...NEST] },

  'sandbox/': { may: [...BASE, 'sandbox/', 'oidc-provider'] },
  'testing/': { may: [...BASE, 'testing/', 'commands/', 'engine/', 'wire/', PORT] },

  'oxd-exception.filter.ts': { may: ['errors.ts', 'http-status.ts', ...NEST] },
  'oxd.config.ts': { may: ['oxd.options.ts', 'errors.ts', '@nestjs/config'] },
  'oxd.module-definition.ts': { may: NEST, types: ['oxd.options.ts'] },
  'oxd.module.ts': {
    may: [
      ...[...BASE, 'wire/', 'transport/', 'commands/', 'engine/', 'oidc/', 'uma/'],
      ...['oxd.module-definition.ts', 'oxd-exception.filter.ts', 'oxd.module-imports.ts', ...NEST],
    ],
  },
  'index.ts': {
    may: [
      ...[...BASE, 'commands/', 'oidc/', 'uma/', PORT],
      ...['oxd.module.ts', 'oxd.module-definition.ts', 'oxd-exception.filter.ts'],
    ],
    node: [],
  },
};

const files = libFiles();

it.each(files)('lib/%s imports nothing but what its layer may', (file) => {
  const upward = importsOf(file).filter((found) => !allowed(file, found));
  expect(upward.map(({ target, typeOnly }) => (typeOnly ? `type ${target}` : target))).toEqual([]);
});

it.each([
  ['errors.ts', 'store.ts'],
  ['wire/frame.ts', 'node:net'],
  ['wire/connection.ts', '@nestjs/common'],
  ['wire/connection.ts', 'wire/connection-pool.ts'],
  ['wire/connection.ts', 'wire/envelope.ts'],
  ['wire/connection-pool.ts', 'wire/envelope.ts'],
  ['wire/connection-pool.ts', 'undici'],
  ['wire/envelope.ts', 'commands/command.ts'],
  ['wire/envelope.ts', 'node:net'],
  ['wire/exchange.ts', 'transport/transport.ts'],
  ['store.ts', 'keyv'],
  ['browser-transaction.ts', 'commands/oxd-client.ts'],
  ['oxd.options.ts', '@nestjs/common'],
  ['oxd.options-site.ts', 'engine/client-metadata.ts'],
  ['site-rules.ts', 'engine/refusal.ts'],
  ['transport/socket.transport.ts', 'engine/engine.transport.ts'],
  ['transport/socket.transport.ts', 'commands/dialect.ts'],
  ['commands/oxd-client.ts', 'transport/socket.transport.ts'],
  ['commands/oxd-client.ts', '@nestjs/common'],
  ['engine/operations/get-user-info.ts', 'commands/dialect.ts'],
  ['engine/engine-context.ts', '@nestjs/common'],
  ['engine/engine.transport.ts', 'openid-client'],
  ['oidc/oidc.service.ts', 'transport/transport.ts'],
  ['oidc/oidc.service.ts', 'engine/engine.transport.ts'],
  ['oidc/oidc.service.ts', 'passport'],
  ['oidc/oidc.service.ts', 'uma/uma.service.ts'],
  ['oidc/oidc.service.ts', 'node:http'],
  ['oidc/access-token.decorator.ts', 'node:http'],
  ['oidc/oidc.strategy.ts', 'commands/oxd-client.ts'],
  ['uma/uma.service.ts', 'uma/uma.guard.ts'],
  ['uma/uma.service.ts', 'transport/socket.transport.ts'],
  ['uma/uma.service.ts', 'engine/engine.transport.ts'],
  ['uma/uma.service.ts', 'oidc/oidc.service.ts'],
  ['uma/uma.service.ts', 'node:http'],
  ['uma/challenge-parser.ts', 'uma/uma.guard.ts'],
  ['uma/rpt.decorator.ts', 'uma/uma.guard.ts'],
  ['uma/challenge.ts', '@nestjs/common'],
  ['uma/uma-protected.decorator.ts', 'uma/uma.service.ts'],
  ['uma/uma-public.decorator.ts', 'uma/uma.service.ts'],
  ['uma/uma-resource.explorer.ts', 'commands/oxd-client.ts'],
  ['uma/uma.guard.ts', 'commands/oxd-client.ts'],
  ['uma/uma.guard.ts', 'transport/transport.ts'],
  ['uma/uma.guard.ts', 'oxd.options.ts'],
  ['oxd-exception.filter.ts', 'oidc/oidc.service.ts'],
  ['oxd.config.ts', 'oxd.module.ts'],
  ['sandbox/sandbox.ts', 'engine/engine.transport.ts'],
  ['testing/oxd-server.ts', 'oidc/oidc.service.ts'],
  ['oxd.module.ts', 'oxd.config.ts'],
  ['a-new-file.ts', 'errors.ts'],
])('%s may not import %s', (file, target) => {
  expect(allowed(file, { target, typeOnly: false })).toBe(false);
});

it('has a row for files and folders that exist only', () => {
  const stale = Object.keys(LAYERS).filter((name) => !files.some((file) => covers(name, file)));
  expect(stale).toEqual([]);
});

it('lib has no import circle', () => {
  expect(circles()).toEqual([]);
});

it.each([
  ['the barrel', /^index\.ts$/, /^$/],
  ['the Passport entry', /^oidc\/passport\.ts$/, /^$/],
  [
    'a file that needs Passport',
    /^oidc\/(login\.guard|oidc\.strategy|passport-entry)\.ts$/,
    /^oidc\/(login\.guard|oidc\.strategy|passport)\.ts$/,
  ],
  ['the options from variables', /^oxd\.config\.ts$/, /^$/],
  ['the sandbox', /^sandbox\//, /^sandbox\//],
  ['the test tools', /^testing\//, /^testing\//],
  [
    'a concrete transport',
    /^(transport\/(?!transport\.)|engine\/engine\.)/,
    /^(oxd\.module\.ts$|testing\/)/,
  ],
  ['an operation', /^engine\/operations\//, /^engine\/engine\.transport\.ts$/],
  [
    'the HTTP status of an error',
    /^http-status\.ts$/,
    /^(oidc\/oidc\.strategy|uma\/refusal-answer|uma\/uma\.guard|oxd-exception\.filter)\.ts$/,
  ],
])('%s is imported only where it may be', (_, imported, by) => {
  const importers = files.filter(
    (file) => !by.test(file) && importsOf(file).some(({ target }) => imported.test(target)),
  );
  expect(importers).toEqual([]);
});

it('a transport is called by one file of the asking side', () => {
  const callers = files.filter((file) => /\btransport\b[\s?.!]*\.execute\(/.test(libSource(file)));
  expect(callers).toEqual(['commands/send.ts']);
});

it.each(['client-metadata', 'registration', 'oidc', 'uma', 'command'])(
  'commands/%s.ts has types alone',
  (name) => {
    const source = libSource(`commands/${name}.ts`);
    const statements = source.match(/^(?:export )?\w+/gm) ?? [];
    const kinds = new Set(['export interface', 'export type', 'import', 'interface', 'type']);
    expect(statements.length).toBeGreaterThan(0);
    expect(statements.filter((kind) => !kinds.has(kind))).toEqual([]);
  },
);

it('no file exports everything of another', () => {
  expect(files.filter((file) => /^export (type )?\*/m.test(libSource(file)))).toEqual([]);
});

it('every import is seen', () => {
  const missed = files.filter(
    (file) => (libSource(file).match(/ from '.+';$/gm) ?? []).length > importsOf(file).length,
  );
  expect(missed).toEqual([]);
  expect(files.flatMap(importsOf).length).toBeGreaterThan(files.length);
});

function allowed(file: string, { target, typeOnly }: Import): boolean {
  const row = rowOf(file);
  if (target.startsWith('node:')) return row.node?.includes(target) ?? true;
  const names = [...row.may, ...(typeOnly ? (row.types ?? []) : [])];
  return names.some((name) => covers(name, target));
}

function rowOf(file: string): Row {
  const [name] = Object.keys(LAYERS)
    .filter((key) => covers(key, file))
    .sort((a, b) => b.length - a.length);
  return LAYERS[name ?? ''] ?? { may: [], node: [] };
}

function covers(name: string, path: string): boolean {
  return name.endsWith('/') ? path.startsWith(name) : path === name;
}

/** Each way from a file back to itself, type imports included. */
function circles(): string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) {
      found.push([...path.slice(path.indexOf(file)), file].join(' → '));
    } else if (!done.has(file)) {
      importsOf(file)
        .filter(({ target }) => files.includes(target))
        .forEach(({ target }) => visit(target, [...path, file]));
      done.add(file);
    }
  };
  files.forEach((file) => visit(file, []));
  return found;
}
