/**
 * Configuration of an application that logs in at the sandbox and protects routes with it: variables
 * for `.env`, and the modules that read them.
 */
export function configurationLines(issuer: string, redirectUri: string): string[] {
  return [
    'Your application needs these lines in its file .env (after "nest add nestjs-oxd", only compare them):',
    '',
    `OXD_OP_HOST=${issuer}`,
    `OXD_AUTHORIZATION_REDIRECT_URI=${redirectUri}`,
    'OXD_SCOPE=openid,profile,email,uma_protection',
    'OXD_TRANSPORT_ALLOW_INSECURE_REQUESTS=true',
    '',
    'Its module reads them with these imports ("nest add" has added them; by hand: npm install @nestjs/config):',
    '',
    'ConfigModule.forRoot(), OxdModule.forRootAsync(oxdConfig.asProvider())',
  ];
}
