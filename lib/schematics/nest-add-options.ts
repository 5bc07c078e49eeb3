/** Options of `nest add nestjs-oxd`; `schema.json` describes them to Nest CLI. */
export interface NestAddOptions {
  /** Address of the OpenID Provider or authorization server; default that of the sandbox. */
  readonly opHost: string;
  /** Redirect URI; its path is that of the generated callback. */
  readonly redirectUri: string;
  /** Transport of the module; default `embedded`. */
  readonly transport: 'embedded' | 'socket' | 'https';
  /** Generates a controller that logs users in; default true. */
  readonly login: boolean;
  /** Generates a protected example controller; default true. */
  readonly protect: boolean;
  /** Project of a monorepo, see `nest-cli.json`. */
  readonly project?: string;
  /** Folder of the sources, which Nest CLI sets; default that of `nest-cli.json`. */
  readonly sourceRoot?: string;
  /** Path of the application's module; default the one that the entry file starts. */
  readonly module?: string;
}

/** Options without answers. */
export const DEFAULTS: NestAddOptions = {
  opHost: 'http://localhost:9400',
  redirectUri: 'http://localhost:3000/callback',
  transport: 'embedded',
  login: true,
  protect: true,
};

const TRANSPORTS: readonly string[] = ['embedded', 'socket', 'https'];
const FLAGS: ReadonlyMap<unknown, boolean> = new Map([
  ['true', true],
  ['false', false],
]);
/** Routes of the generated controller beside the callback. */
const TAKEN = ['/', '/login', '/logout'];

/**
 * Adds the defaults and checks the values, which become code and variables.
 *
 * @throws {Error} that lists every problem as `option: message`
 */
export function resolveNestAddOptions(given: Partial<NestAddOptions>): NestAddOptions {
  const entries = Object.entries(given)
    .filter(([, value]) => value !== undefined && value !== '')
    // Nest CLI 11 passes a flag such as `--login=false` as text.
    .map(([name, value]) => [name, FLAGS.get(value) ?? value] as const);
  const options: NestAddOptions = { ...DEFAULTS, ...Object.fromEntries(entries) };
  const problems = [
    ...(isHttpUrl(options.opHost) ? [] : ['opHost: must be an http or https URL']),
    ...redirectProblems(options.redirectUri),
    ...(TRANSPORTS.includes(options.transport)
      ? []
      : [`transport: must be one of ${TRANSPORTS.join(', ')}`]),
  ];
  if (problems.length > 0) throw new Error(problems.join('; '));
  return options;
}

function redirectProblems(redirectUri: string): string[] {
  if (!isHttpUrl(redirectUri)) return ['redirectUri: must be an http or https URL'];
  const { pathname } = new URL(redirectUri);
  if (/^\/[\w\-./~]*$/.test(pathname) && !TAKEN.includes(pathname)) return [];
  return [`redirectUri: must have a plain path other than ${TAKEN.join(', ')}`];
}

/** Quotes and a hash have a meaning in a `.env` file. */
function isHttpUrl(text: string): boolean {
  return /^https?:\/\/[^\s"'`#]+$/.test(text) && URL.canParse(text);
}
