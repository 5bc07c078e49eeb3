/** Redirect URI without `--redirect-uri`: the address of a new Nest application. */
export const DEFAULT_REDIRECT_URI = 'http://localhost:3000/callback';

/** Text of `--help`. */
export const USAGE = `Usage: nestjs-oxd sandbox [options]

Starts an OpenID Provider and UMA 2.0 authorization server for development, and prints the
variables with which an application uses it.

Options:
  --port <port>           port of the sandbox; default 9400, 0 selects a free port
  --redirect-uri <url>    redirect URI of the application; default ${DEFAULT_REDIRECT_URI}
  --policy <file.mjs>     file that exports "policies", and "owner" if requests need one
  --owner <username>      user who decides requests submitted to the resource owner
  --scopes <names>        scopes of APIs, separated by commas; default none
  --clients-file <file>   file of the registered clients; default .oxd/sandbox-clients.json
  -h, --help              prints this text
  -v, --version           prints the version of nestjs-oxd
`;
