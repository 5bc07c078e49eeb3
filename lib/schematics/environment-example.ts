import type { NestAddOptions } from './nest-add-options.js';

/** Variable of the environment with its meaning. */
interface Variable {
  readonly name: string;
  readonly value: string;
  readonly meaning: string;
}

const UMA_TICKET = 'urn:ietf:params:oauth:grant-type:uma-ticket';

/** Text of `.env.example`: the former text, and the variables that it lacks. */
export function environmentExample(options: NestAddOptions, former = ''): string {
  const names = namesIn(former);
  const missing = variables(options).filter(({ name }) => !names.has(name));
  const blocks = missing.map(({ name, value, meaning }) => `# ${meaning}\n${name}=${value}\n`);
  if (former === '') return [HEADER, ...blocks].join('\n');
  return [former.replace(/\n?$/, '\n'), ...blocks].join('\n');
}

/** Names of the variables of a file, also of those in comments. */
function namesIn(text: string): ReadonlySet<string> {
  const names = text.split('\n').map((line) => /^[# ]*(?:export )?(\w+)=/.exec(line)?.[1] ?? '');
  return new Set(names);
}

const HEADER = `# Variables of nestjs-oxd. Copy this file to .env, and keep .env out of Git.
# All variables: node_modules/nestjs-oxd/docs/environment.md
`;

function variables(options: NestAddOptions): Variable[] {
  return [...site(options), ...TRANSPORTS[options.transport](options), SECRET];
}

function site({ opHost, redirectUri, login, protect, transport }: NestAddOptions): Variable[] {
  const userScopes = login ? ['profile', 'email'] : [];
  return [
    { name: 'OXD_OP_HOST', value: opHost, meaning: 'Address of the OpenID Provider.' },
    {
      name: 'OXD_AUTHORIZATION_REDIRECT_URI',
      value: redirectUri,
      meaning: login
        ? 'Address of this application to which the provider sends the browser after a login.'
        : 'Address that identifies this application at the provider; no route has to exist there.',
    },
    ...when(login, {
      name: 'OXD_POST_LOGOUT_REDIRECT_URI',
      value: new URL(redirectUri).origin,
      meaning: 'Address to which the provider sends the browser after a logout.',
    }),
    {
      name: 'OXD_SCOPE',
      value: ['openid', ...userScopes, ...(protect ? ['uma_protection'] : [])].join(','),
      meaning: protect
        ? 'Scopes of the client; uma_protection lets it protect resources.'
        : 'Scopes that a login requests.',
    },
    ...when(protect && transport !== 'embedded', {
      name: 'OXD_GRANT_TYPES',
      value: [...(login ? ['authorization_code'] : []), 'client_credentials', UMA_TICKET].join(','),
      meaning: 'Grants of the client; an API behind an oxd-server needs the last two.',
    }),
  ];
}

const TRANSPORTS: Readonly<
  Record<NestAddOptions['transport'], (options: NestAddOptions) => Variable[]>
> = {
  embedded: ({ opHost }) => [
    {
      name: 'OXD_TRANSPORT_TYPE',
      value: 'embedded',
      meaning: 'Transport: commands are executed in this process, without oxd-server.',
    },
    ...when(opHost.startsWith('http:'), {
      name: 'OXD_TRANSPORT_ALLOW_INSECURE_REQUESTS',
      value: 'true',
      meaning: 'Allows a provider on plain http; in production only on this host.',
    }),
  ],
  socket: () => [
    {
      name: 'OXD_TRANSPORT_TYPE',
      value: 'socket',
      meaning: 'Transport: an oxd-server 3.1 executes the commands, over TCP.',
    },
    { name: 'OXD_TRANSPORT_HOST', value: '127.0.0.1', meaning: 'Host of the oxd-server.' },
    { name: 'OXD_TRANSPORT_PORT', value: '8099', meaning: 'Port of the oxd-server.' },
    {
      name: 'OXD_TRANSPORT_VERSION',
      value: '3.1.4',
      meaning: 'Version of the oxd-server: 3.1.1 to 3.1.4, the last one also for 3.1.5 to 3.1.8.',
    },
  ],
  https: () => [
    {
      name: 'OXD_TRANSPORT_TYPE',
      value: 'https',
      meaning: 'Transport: an oxd executes the commands, over HTTPS.',
    },
    {
      name: 'OXD_TRANSPORT_URL',
      value: 'https://localhost:8443',
      meaning: 'URL of the oxd-https-extension 3.1, or of the oxd-server 4.',
    },
    {
      name: 'OXD_TRANSPORT_VERSION',
      value: '4.5',
      meaning: 'Version of oxd: 3.1.1 to 3.1.4 for the extension, 4.0, 4.1, 4.2 or 4.5.',
    },
  ],
};

const SECRET: Variable = {
  name: 'OXD_SECRET',
  value: '',
  meaning:
    'Secret of at least 32 characters that encrypts login cookies. Production requires it; elsewhere, an empty one only causes a warning.',
};

function when(condition: boolean, variable: Variable): Variable[] {
  return condition ? [variable] : [];
}
