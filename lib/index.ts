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
  UmaOptions,
  UmaPathResolver,
  UmaRouteDeclaration,
} from './oxd.options.js';
export { OidcService } from './oidc/oidc.service.js';
export type { FinishedLogin, StartLoginParams, StartedLogin } from './oidc/oidc.service.js';
export type { CallbackParams } from './oidc/callback-params.js';
export type { RequestHeaders } from './oidc/speculative.js';
export type { OxdUserProfile, UserTokens } from './oidc/user-profile.js';
export { OxdUser, type UserParamDecorator } from './oidc/oxd-user.decorator.js';
export { AccessToken } from './oidc/access-token.decorator.js';
export { UmaService } from './uma/uma.service.js';
export { UmaGuard } from './uma/uma.guard.js';
export type { GuardedRequest } from './uma/guarded-request.js';
export type { UmaGuardError } from './uma/uma-decision.js';
export { UmaProtected } from './uma/uma-protected.decorator.js';
export type { UmaProtectedOptions } from './uma/uma-protected.decorator.js';
export { UmaPublic } from './uma/uma-public.decorator.js';
export { Rpt, type RptParamDecorator } from './uma/rpt.decorator.js';
export { OxdExceptionFilter } from './oxd-exception.filter.js';
export type { OxdErrorBody } from './oxd-exception.filter.js';
export {
  InvalidTicketError,
  LoginRefusedError,
  LoginStateError,
  NeedInfoError,
  OxdCommandError,
  OxdConfigurationError,
  OxdError,
  OxdStoreError,
  OxdTransportError,
  RequestDeniedError,
  RequestSubmittedError,
} from './errors.js';
export type {
  LoginStateErrorCode,
  OxdCommandErrorCode,
  OxdErrorCode,
  OxdErrorDetails,
  OxdTransportErrorCode,
  RequiredClaim,
  UmaRefusal,
  UmaRefusalCode,
  WireError,
} from './errors.js';
export { OxdTransport } from './transport/transport.js';
export type { ExecuteOptions, OxdVersion } from './transport/transport.js';
export { MemoryStore, OxdStore } from './store.js';
export type { MemoryStoreOptions } from './store.js';
export { FileStore } from './file-store.js';
export type { FileStoreOptions } from './file-store.js';
export { OxdClock } from './clock.js';
export type { CommandName, Commands, Params, Result } from './commands/command.js';
export type { ClientMetadata } from './commands/client-metadata.js';
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
export type {
  IntrospectRptParams,
  IntrospectRptResult,
  ScopeExpression,
  UmaCondition,
  UmaPermission,
  UmaResource,
  UmaRpGetClaimsGatheringUrlParams,
  UmaRpGetClaimsGatheringUrlResult,
  UmaRpGetRptParams,
  UmaRpGetRptResult,
  UmaRsCheckAccessParams,
  UmaRsCheckAccessResult,
  UmaRsProtectParams,
} from './commands/uma.js';
