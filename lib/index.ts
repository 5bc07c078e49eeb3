export { OxdModule } from './oxd.module.js';
export { OxdOptions } from './options/oxd.options.js';
export type {
  EmbeddedTransportOptions,
  LoginOptions,
  OxdModuleOptions,
  OxdOptionsFactory,
  SiteOptions,
  SocketTransportOptions,
  SocketVersion,
  UmaCacheOptions,
  UmaOptions,
  UmaPathResolver,
  UmaRouteDeclaration,
} from './options/oxd.options.js';
export type {
  BearerCacheOptions,
  BearerIntrospection,
  BearerOptions,
  BearerRoles,
  ResolvedBearerOptions,
} from './options/bearer-options.js';
export type { HttpsTransportOptions, HttpsVersion } from './options/https-transport-options.js';
export { OidcService } from './oidc/oidc.service.js';
export type { FinishedLogin, StartLoginParams, StartedLogin } from './oidc/oidc.service.js';
export type { CallbackParams } from './oidc/callback-params.js';
export type { RequestHeaders } from './oidc/speculative.js';
export type { OxdUserProfile, UserTokens } from './oidc/user-profile.js';
export { OxdUser } from './oidc/oxd-user.decorator.js';
export type { OxdUserDecorator, UserParamDecorator } from './oidc/oxd-user.decorator.js';
export { AccessToken } from './oidc/access-token.decorator.js';
export { UmaService } from './uma/uma.service.js';
export { UmaGuard } from './uma/guard/uma.guard.js';
export type { GuardedRequest } from './routes/guarded-request.js';
export type { UmaGuardError } from './uma/guard/uma-decision.js';
export { UmaProtected } from './uma/declarations/uma-protected.decorator.js';
export type {
  UmaClaimsResolver,
  UmaProtectedOptions,
  UmaResourceResolver,
} from './uma/declarations/uma-protected.decorator.js';
export { UmaPublic } from './uma/declarations/uma-public.decorator.js';
export { Rpt, type RptParamDecorator } from './uma/guard/rpt.decorator.js';
export { BearerGuard } from './bearer/guard/bearer.guard.js';
export { BearerProtected } from './bearer/declarations/bearer-protected.decorator.js';
export type {
  BearerProtectedOptions,
  BearerScopes,
} from './bearer/declarations/bearer-protected.decorator.js';
export { BearerPublic } from './bearer/declarations/bearer-public.decorator.js';
export { ProtectedResourceController } from './bearer/metadata/protected-resource.controller.js';
export { keycloakRoles } from './bearer/keycloak-roles.js';
export type { BearerGuardError } from './http/bearer-denial.js';
export type { BearerUser } from './http/bearer-user.js';
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
} from './base/errors.js';
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
} from './base/errors.js';
export { OxdTransport } from './commands/oxd-transport.js';
export type { ExecuteOptions, OxdVersion } from './commands/oxd-transport.js';
export { MemoryStore, OxdStore } from './store/oxd-store.js';
export type { MemoryStoreOptions } from './store/oxd-store.js';
export { FileStore } from './store/file-store.js';
export type { FileStoreOptions } from './store/file-store.js';
export { OxdClock } from './base/clock.js';
export type { AliasedParams, AliasTable, GivenParams } from './commands/aliases.js';
export type { CommandName, Commands, Params, Result } from './commands/command.js';
export type { ClientMetadata } from './site/client-parameters.js';
export type {
  ClientTokenResult,
  GetClientTokenParams,
  GetRpParams,
  GetRpResult,
  Protected,
  RegisterSiteParams,
  RegisterSiteResult,
  RemoveSiteParams,
  SetupClientParams,
  SetupClientResult,
  SiteParams,
  SiteResult,
  UpdateSiteParams,
} from './commands/registration.js';
export type { ListedRp, RpRecord, RpResource } from './commands/rp-record.js';
export type { SiteMetadata, TokenEndpointAuthMethod } from './site/site-parameters.js';
export type {
  AccessTokenClaims,
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
  LoginSecrets,
  UserClaims,
} from './commands/oidc.js';
export type {
  IntrospectRptParams,
  IntrospectRptResult,
  ScopeExpression,
  UmaCondition,
  UmaMode,
  UmaPermission,
  UmaPushedClaims,
  UmaResource,
  UmaRpGetClaimsGatheringUrlParams,
  UmaRpGetClaimsGatheringUrlResult,
  UmaRpGetRptParams,
  UmaRpGetRptResult,
  UmaRsCheckAccessParams,
  UmaRsCheckAccessResult,
  UmaRsModifyParams,
  UmaRsProtectParams,
} from './commands/uma.js';
