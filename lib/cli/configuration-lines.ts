/**
 * Configuration of an application that logs in at the sandbox and protects routes with it: variables
 * for `.env`, and the modules that read them.
 */
export function configurationLines(issuer: string, redirectUri: string): string[] {
  return [
    'Add these lines to the file .env of your application:',
    '',
    `OXD_OP_HOST=${issuer}`,
    `OXD_AUTHORIZATION_REDIRECT_URI=${redirectUri}`,
    'OXD_SCOPE=openid,profile,email,uma_protection',
    'OXD_TRANSPORT_ALLOW_INSECURE_REQUESTS=true',
    '',
    'They are read by these imports of its module (npm install @nestjs/config):',
    '',
    'ConfigModule.forRoot(), OxdModule.forRootAsync(oxdConfig.asProvider())',
  ];
}
