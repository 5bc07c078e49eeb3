export { OxdModule } from './oxd.module.js';
export { OxdOptions } from './oxd.options.js';
export type {
  EmbeddedTransportOptions,
  LoginOptions,
  OxdModuleOptions,
  OxdOptionsFactory,
  SiteOptions,
  SocketTransportOptions,
  SocketVersion,
} from './oxd.options.js';
export { OidcService } from './oidc/oidc.service.js';
export type { FinishedLogin, StartLoginParams, StartedLogin } from './oidc/oidc.service.js';
export type { CallbackParams } from './oidc/callback-params.js';
export type { OxdUserProfile, UserTokens } from './oidc/user-profile.js';
export { OxdUser } from './oidc/oxd-user.decorator.js';
export { AccessToken } from './oidc/access-token.decorator.js';
export { OxdExceptionFilter } from './oxd-exception.filter.js';
export type { OxdErrorBody } from './oxd-exception.filter.js';
export {
  LoginRefusedError,
  LoginStateError,
  OxdCommandError,
  OxdConfigurationError,
  OxdError,
  OxdStoreError,
  OxdTransportError,
} from './errors.js';
export type {
  LoginStateErrorCode,
  OxdCommandErrorCode,
  OxdErrorCode,
  OxdErrorDetails,
  OxdTransportErrorCode,
  WireError,
} from './errors.js';
export { OxdTransport } from './transport/transport.js';
export type { ExecuteOptions, OxdVersion } from './transport/transport.js';
export { MemoryStore, OxdStore } from './store.js';
export type { MemoryStoreOptions } from './store.js';
export { FileStore } from './file-store.js';
export { OxdClock } from './clock.js';
export type { CommandName, Commands, Params, Result } from './commands/command.js';
export type {
  ClientTokenResult,
  GetClientTokenParams,
  Protected,
  RegisterSiteParams,
  RegisterSiteResult,
  RemoveSiteParams,
  SetupClientParams,
  SetupClientResult,
  SiteMetadata,
  SiteParams,
  SiteResult,
  TokenEndpointAuthMethod,
  UpdateSiteParams,
} from './commands/registration.js';
export type {
  AddressClaim,
  GetAccessTokenByRefreshTokenParams,
  GetAuthorizationUrlParams,
  GetAuthorizationUrlResult,
  GetLogoutUriParams,
  GetLogoutUriResult,
  GetTokensByCodeParams,
  GetTokensByCodeResult,
  GetUserInfoParams,
  GetUserInfoResult,
  IdTokenClaims,
  IntrospectAccessTokenParams,
  IntrospectAccessTokenResult,
  UserClaims,
} from './commands/oidc.js';
