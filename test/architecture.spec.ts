import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importsOf, libFiles, libSource, root, type Import } from './support/source.js';

/** Rules of one room, which is a folder of `lib/`. */
interface Room {
  /** Rooms that the room may import, types included. Every room may import `base`. */
  readonly rooms: readonly string[];
  /** Packages that the room may import. */
  readonly packages?: readonly string[];
}

const EMBEDDED = [
  ...['embedded/requests', 'embedded/provider', 'embedded/registration', 'embedded/context'],
  ...['embedded/jwt', 'embedded/login', 'embedded/protection-api', 'embedded/resources'],
  ...['embedded/rpt', 'embedded/decision'],
];
const PROVIDER = ['openid-client', 'jose', 'undici'];
const NEST = ['@nestjs/common', '@nestjs/core'];

/**
 * Rules of every room. No two rooms import each other, so that a room can be understood without the
 * rooms that import it.
 */
const ROOMS: Readonly<Record<string, Room>> = {
  base: { rooms: [] },
  site: { rooms: [] },
  commands: { rooms: ['site'] },
  'commands/dialect': { rooms: ['site', 'commands'], packages: ['jose'] },
  store: { rooms: [] },
  redis: { rooms: ['store'], packages: ['redis'] },
  http: { rooms: [] },
  transaction: { rooms: ['store'], packages: ['jose'] },
  options: {
    rooms: ['site', 'commands', 'store'],
    packages: ['class-transformer', 'class-validator', 'reflect-metadata', '@nestjs/config'],
  },
  routes: { rooms: ['http', 'commands', 'options'], packages: NEST },
  'oxd-client': { rooms: ['site', 'commands', 'commands/dialect', 'store', 'options'] },
  socket: { rooms: ['commands', 'options'] },
  https: { rooms: ['commands', 'commands/dialect', 'options'], packages: ['undici'] },
  'embedded/requests': { rooms: [], packages: PROVIDER },
  'embedded/provider': { rooms: ['site', 'embedded/requests'], packages: PROVIDER },
  'embedded/registration': {
    rooms: ['site', 'commands', 'store', 'embedded/requests', 'embedded/provider'],
    packages: PROVIDER,
  },
  'embedded/context': {
    rooms: ['site', 'commands', 'store', ...EMBEDDED.slice(0, 3)],
    packages: PROVIDER,
  },
  'embedded/jwt': {
    rooms: ['site', ...EMBEDDED.slice(0, 4)],
    packages: PROVIDER,
  },
  'embedded/login': {
    rooms: ['site', 'commands', ...EMBEDDED.slice(0, 4)],
    packages: PROVIDER,
  },
  'embedded/protection-api': {
    rooms: ['embedded/requests', 'embedded/provider', 'embedded/registration', 'embedded/context'],
    packages: PROVIDER,
  },
  'embedded/resources': {
    rooms: [
      ...['commands', 'store', 'embedded/requests', 'embedded/provider', 'embedded/registration'],
      ...['embedded/context', 'embedded/protection-api'],
    ],
    packages: [...PROVIDER, 'json-logic-js'],
  },
  'embedded/rpt': {
    rooms: [
      ...['site', 'commands', 'embedded/requests', 'embedded/provider', 'embedded/registration'],
      ...['embedded/context', 'embedded/jwt', 'embedded/protection-api', 'embedded/resources'],
    ],
    packages: PROVIDER,
  },
  'embedded/decision': {
    rooms: [
      ...['commands', 'embedded/requests', 'embedded/provider', 'embedded/registration'],
      ...['embedded/context', 'embedded/protection-api', 'embedded/resources', 'embedded/rpt'],
    ],
    packages: PROVIDER,
  },
  'embedded/access-token': {
    rooms: ['commands', ...EMBEDDED.slice(0, 5)],
    packages: PROVIDER,
  },
  'embedded/operations': {
    rooms: ['site', 'commands', ...EMBEDDED, 'embedded/access-token'],
    packages: PROVIDER,
  },
  embedded: {
    rooms: ['commands', 'embedded/requests', 'embedded/context', 'embedded/operations'],
    packages: PROVIDER,
  },
  'access-token': {
    rooms: ['commands', 'options', 'oxd-client', 'routes'],
    packages: ['@nestjs/common'],
  },
  oidc: {
    rooms: ['site', 'http', 'commands', 'store', 'options', 'transaction', 'oxd-client'],
    packages: [...NEST, 'passport'],
  },
  uma: { rooms: ['commands', 'options', 'oxd-client', 'access-token'], packages: NEST },
  'uma/challenge': { rooms: ['http'] },
  'uma/declarations': { rooms: ['commands', 'options', 'routes'], packages: NEST },
  'uma/resources': {
    rooms: ['commands', 'store', 'oxd-client', 'uma/declarations'],
    packages: NEST,
  },
  'uma/guard': {
    rooms: [
      'http',
      'commands',
      'options',
      'routes',
      'access-token',
      'uma',
      'uma/challenge',
      'uma/declarations',
      'uma/resources',
    ],
    packages: NEST,
  },
  'uma/explorer': { rooms: ['options', 'routes', 'uma/declarations', 'uma/guard'], packages: NEST },
  bearer: { rooms: ['options'] },
  'bearer/declarations': { rooms: ['routes'], packages: NEST },
  'bearer/guard': {
    rooms: ['http', 'options', 'routes', 'access-token', 'bearer/declarations'],
    packages: NEST,
  },
  'bearer/explorer': {
    rooms: ['options', 'routes', 'access-token', 'bearer/declarations', 'bearer/guard'],
    packages: NEST,
  },
  'bearer/metadata': {
    rooms: ['http', 'options', 'routes', 'bearer/declarations', 'uma/declarations'],
    packages: NEST,
  },
  'sandbox/provider': { rooms: ['store'], packages: ['jose', 'oidc-provider'] },
  'sandbox/web': { rooms: ['sandbox/provider'], packages: ['oidc-provider'] },
  'sandbox/uma': { rooms: ['store', 'sandbox/provider'], packages: ['oidc-provider'] },
  'sandbox/uma/endpoints': {
    rooms: ['sandbox/provider', 'sandbox/web', 'sandbox/uma'],
    packages: ['oidc-provider'],
  },
  'sandbox/uma/pages': {
    rooms: ['sandbox/provider', 'sandbox/web', 'sandbox/uma', 'sandbox/uma/endpoints'],
    packages: ['oidc-provider'],
  },
  sandbox: {
    rooms: [
      ...['store', 'sandbox/provider', 'sandbox/web', 'sandbox/uma', 'sandbox/uma/endpoints'],
      'sandbox/uma/pages',
    ],
    packages: ['oidc-provider'],
  },
  cli: { rooms: ['sandbox'] },
  schematics: { rooms: [], packages: ['@nestjs/schematics', 'typescript'] },
  'testing/frames': { rooms: ['socket'] },
  'testing/https': { rooms: ['testing/frames'], packages: ['selfsigned'] },
  'testing/oxd-server': {
    rooms: [
      ...['site', 'commands', 'commands/dialect', 'store', 'socket'],
      ...['testing/frames', 'testing/https', 'embedded'],
      ...EMBEDDED.slice(0, 4),
      ...['embedded/protection-api', 'embedded/resources'],
    ],
  },
  'testing/issuer': { rooms: ['commands', 'sandbox/web'], packages: ['jose'] },
  testing: {
    rooms: [
      ...['lib/*.ts', 'http', 'commands', 'oidc', 'options', 'transaction', 'access-token'],
      ...['bearer/declarations', 'bearer/guard', 'uma/declarations'],
      ...['uma/guard', 'testing/frames', 'testing/oxd-server', 'testing/issuer'],
    ],
    packages: NEST,
  },
};

/** Name of the composition root, the files directly in `lib/`. */
const ROOT_NAME = 'lib/*.ts';

/** Rules of the composition root. */
const ROOT: Room = {
  rooms: Object.keys(ROOMS).filter((room) => !/^(cli|redis|sandbox|schematics|testing)/.test(room)),
  packages: NEST,
};

const files = libFiles();
const rooms = Object.keys(ROOMS);

describe('rooms of the library', () => {
  it.each([ROOT_NAME, ...rooms])('%s imports only what its row of the table allows', (room) => {
    const own = files.filter((file) => roomOf(file) === room);
    expect(own.length).toBeGreaterThan(0);
    expect(own.flatMap(forbiddenImports)).toEqual([]);
  });

  it('have a row each', () => {
    const without = files.filter((file) => roomOf(file) !== ROOT_NAME && !(roomOf(file) in ROOMS));
    expect(without).toEqual([]);
  });

  it('are described in CONTRIBUTING.md with the same imports', () => {
    const page = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
    const rows = [...page.matchAll(/^\| `([\w/-]+)` +\|[^|]+\|([^|]+)\|$/gm)];
    const described = rows.map(([, room = '', imported = '']) => [
      room,
      [...imported.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
    ]);
    expect(described).toEqual(Object.entries(ROOMS).map(([room, row]) => [room, row.rooms]));
  });

  it('do not import each other in a circle', () => {
    const edges = new Map([ROOT_NAME, ...rooms].map((room) => [room, importedRooms(room)]));
    expect(circles(edges)).toEqual([]);
  });

  it('have no import circle between files', () => {
    const edges = new Map(
      files.map((file) => [
        file,
        importsOf(file)
          .map(({ target }) => target)
          .filter((target) => files.includes(target)),
      ]),
    );
    expect(circles(edges)).toEqual([]);
  });

  it.each([
    ['commands', 'socket/connection.ts'],
    ['socket', 'undici'],
    ['https', 'embedded/requests/connections.ts'],
    ['oxd-client', 'embedded/embedded.transport.ts'],
    ['oidc', 'embedded/embedded.transport.ts'],
    ['oidc', 'uma/uma.service.ts'],
    ['uma', 'uma/guard/uma.guard.ts'],
    ['uma/guard', 'oxd-client/oxd-client.ts'],
    ['embedded/operations', 'commands/dialect/dialect.ts'],
    ['sandbox', 'embedded/embedded.transport.ts'],
    ['store', 'keyv'],
    ['store', 'redis'],
  ])('lib/%s may not import %s', (room, target) => {
    expect(allowed(ROOMS[room] ?? ROOT, { target, typeOnly: false }, room)).toBe(false);
  });
});

describe('single files of the library', () => {
  it.each([
    ['index.ts', /^index\.ts$/],
    ['options/oxd.config.ts', /^options\/oxd\.config\.ts$/],
    ['oidc/passport.ts', /^oidc\/passport\.ts$/],
  ])('%s is imported by no other file', (_, imported) => {
    const importers = files.filter((file) =>
      importsOf(file).some(({ target }) => imported.test(target)),
    );
    expect(importers).toEqual([]);
  });

  it('no operation imports another', () => {
    const folder = 'embedded/operations/';
    const importers = files.filter(
      (file) =>
        file.startsWith(folder) && importsOf(file).some(({ target }) => target.startsWith(folder)),
    );
    expect(importers).toEqual([]);
  });

  it('only command-sender.ts calls a transport', () => {
    const callers = files.filter((file) =>
      /\btransport\b[\s?.!]*\.execute\(/.test(libSource(file)),
    );
    expect(callers).toEqual(['oxd-client/command-sender.ts']);
  });

  it.each(['registration', 'oidc', 'uma', 'command'])(
    'commands/%s.ts contains types only',
    (name) => {
      const source = libSource(`commands/${name}.ts`);
      const statements = source.match(/^(?:export )?\w+/gm) ?? [];
      const kinds = new Set(['export interface', 'export type', 'import', 'interface', 'type']);
      expect(statements.length).toBeGreaterThan(0);
      expect(statements.filter((kind) => !kinds.has(kind))).toEqual([]);
    },
  );

  it('no file re-exports all of another', () => {
    expect(files.filter((file) => /^export (type )?\*/m.test(libSource(file)))).toEqual([]);
  });

  it('no two files have the same name', () => {
    const names = files.map((file) => file.slice(file.lastIndexOf('/') + 1));
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it('every import is recognized', () => {
    const missed = files.filter(
      (file) => (libSource(file).match(/ from '.+';$/gm) ?? []).length > importsOf(file).length,
    );
    expect(missed).toEqual([]);
    expect(files.flatMap(importsOf).length).toBeGreaterThan(files.length);
  });
});

/** Room of a file; the composition root has the name of its row in CONTRIBUTING.md. */
function roomOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.lastIndexOf('/')) : ROOT_NAME;
}

function forbiddenImports(file: string): string[] {
  const room = roomOf(file);
  return importsOf(file)
    .filter((found) => !allowed(ROOMS[room] ?? ROOT, found, room))
    .map(({ target }) => `${file} imports ${target}`);
}

function allowed(
  { rooms: others, packages = [] }: Room,
  { target }: Import,
  room: string,
): boolean {
  if (target.startsWith('node:')) return true;
  if (!target.endsWith('.ts')) return packages.includes(target);
  const imported = roomOf(target);
  return imported === room || imported === 'base' || others.includes(imported);
}

function importedRooms(room: string): string[] {
  const targets = files
    .filter((file) => roomOf(file) === room)
    .flatMap((file) => importsOf(file).map(({ target }) => target))
    .filter((target) => target.endsWith('.ts'));
  return [...new Set(targets.map(roomOf))].filter((other) => other !== room);
}

/** Returns each path from a node back to itself. */
function circles(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (node: string, path: readonly string[]): void => {
    if (path.includes(node)) {
      found.push([...path.slice(path.indexOf(node)), node].join(' → '));
    } else if (!done.has(node)) {
      edges.get(node)?.forEach((next) => visit(next, [...path, node]));
      done.add(node);
    }
  };
  for (const node of edges.keys()) visit(node, []);
  return found;
}
