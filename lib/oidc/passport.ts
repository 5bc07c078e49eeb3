export { LoginGuard } from './login.guard.js';
export { OidcStrategy, type LoginAuthenticateOptions, type LoginRequest } from './oidc.strategy.js';
