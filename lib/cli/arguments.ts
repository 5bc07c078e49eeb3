import { parseArgs } from 'node:util';
import { DEFAULT_REDIRECT_URI } from './usage.js';

/** Arguments of `nestjs-oxd sandbox`; the sandbox has the defaults of missing ones. */
export interface SandboxArguments {
  readonly redirectUri: string;
  readonly port?: number;
  /** Path of the file that exports the policies. */
  readonly policyFile?: string;
  readonly owner?: string;
  /** Scopes of APIs. */
  readonly scopes?: readonly string[];
  readonly clientsFile?: string;
}

/** Parsed arguments of the command line. */
export type Arguments =
  | { readonly kind: 'help' | 'version' }
  | { readonly kind: 'invalid'; readonly problem: string }
  | (SandboxArguments & { readonly kind: 'sandbox' });

const MAX_PORT = 65_535;

/** Parses the arguments after `nestjs-oxd`. */
export function readArguments(args: readonly string[]): Arguments {
  try {
    const { values, positionals } = parse(args);
    if (values.help) return { kind: 'help' };
    if (values.version) return { kind: 'version' };
    return commandProblem(positionals) ?? sandboxArguments(values);
  } catch (error) {
    // Node explains the syntax of arguments after the first sentence.
    return invalid(String((error as Error).message.split(/\.\s/)[0]));
  }
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      port: { type: 'string' },
      'redirect-uri': { type: 'string', default: DEFAULT_REDIRECT_URI },
      policy: { type: 'string' },
      owner: { type: 'string' },
      scopes: { type: 'string' },
      'clients-file': { type: 'string' },
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean', short: 'v' },
    },
  });
}

function commandProblem([command, surplus]: readonly string[]): Arguments | undefined {
  if (command === undefined) return invalid('The command is missing');
  if (command !== 'sandbox') return invalid(`Unknown command '${command}'`);
  return surplus === undefined ? undefined : invalid(`Unexpected argument '${surplus}'`);
}

function sandboxArguments(values: ReturnType<typeof parse>['values']): Arguments {
  const { port, owner, policy: policyFile, 'clients-file': clientsFile } = values;
  const redirectUri = values['redirect-uri'];
  if (port !== undefined && !isPort(port)) {
    return invalid(`--port: must be a number from 0 to ${MAX_PORT}`);
  }
  if (!isRedirectUri(redirectUri)) {
    return invalid(`--redirect-uri: must be a URL such as ${DEFAULT_REDIRECT_URI}`);
  }
  const number = port === undefined ? undefined : Number(port);
  const scopes = values.scopes?.split(',').filter((scope) => scope !== '');
  return { kind: 'sandbox', redirectUri, port: number, policyFile, owner, scopes, clientsFile };
}

function invalid(problem: string): Arguments {
  return { kind: 'invalid', problem };
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) <= MAX_PORT;
}

/** False for a fragment, which is invalid in a redirect URI, and for syntax of `.env` files. */
function isRedirectUri(text: string): boolean {
  return /^https?:\/\/[^\s#'"`\\]+$/.test(text) && URL.canParse(text);
}
