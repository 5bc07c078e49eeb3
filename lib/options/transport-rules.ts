import { createSecureContext } from 'node:tls';
import 'reflect-metadata';
import {
  Allow,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  MinLength,
  isObject,
} from 'class-validator';
import { MAX_TIMER_DELAY } from '../base/limits.js';
import { addressProblems } from '../base/network-rules.js';
import { RELEASES } from '../base/oxd-releases.js';
import { IsAuthorities, NO_PEM, PEM_CERTIFICATE } from './pem-certificate.js';
import { check, UNKNOWN_OPTION } from './rule-check.js';
import { IsMilliseconds, IsOxdUrl, IsProxy } from './rule-decorators.js';

const VERSIONS = ['3.1.1', '3.1.2', '3.1.3', '3.1.4'];
const VERSION_TEXT = {
  message: `must be one of ${VERSIONS.join(', ')}; for oxd-server 3.1.5 to 3.1.8 use 3.1.4`,
};
const HTTPS_VERSION_TEXT = {
  message: `must be one of ${RELEASES.join(', ')}; for 3.1.5 to 3.1.8 use 3.1.4, for 4.3 use 4.2, for 4.4 use 4.5`,
};
const PEM_TEXT = { message: NO_PEM };

class EmbeddedRules {
  @IsOptional() @IsIn(['embedded']) type?: string;
  @IsOptional() @IsBoolean() allowInsecureRequests?: boolean;
  @IsOptional() @IsAuthorities() ca?: string | string[];
  @IsOptional() @IsProxy() proxy?: string | false;
  @Allow() addresses?: object;
  @IsOptional() @IsMilliseconds(1, MAX_TIMER_DELAY) timeout?: number;
  @IsOptional() @IsString() @MinLength(1) initialAccessToken?: string;
  @IsOptional() @IsIn(['any', 'all']) requiredScopes?: string;
}

class SocketRules {
  @IsIn(['socket']) type: string;
  @IsOptional() @IsString() @MinLength(1) host?: string;
  @IsOptional() @IsInt() @Min(1) @Max(65535) port?: number;
  @IsOptional() @IsIn(VERSIONS, VERSION_TEXT) version?: string;
  @IsOptional() @IsInt() @Min(1) @Max(1024) connections?: number;
  @IsOptional() @IsInt() @Min(0) maxQueue?: number;
  @IsOptional() @IsMilliseconds(1, MAX_TIMER_DELAY) connectTimeout?: number;
  @IsOptional() @IsMilliseconds(1, MAX_TIMER_DELAY) timeout?: number;
}

class HttpsRules {
  @IsIn(['https']) type: string;
  @IsOxdUrl() url: string;
  @IsIn(RELEASES, HTTPS_VERSION_TEXT) version: string;
  @IsOptional() @IsInt() @Min(1) @Max(1024) connections?: number;
  @IsOptional() @IsAuthorities() ca?: string | string[];
  @IsOptional() @Matches(PEM_CERTIFICATE, PEM_TEXT) cert?: string;
  @IsOptional() @IsString() key?: string;
  @IsOptional() @IsMilliseconds(1, MAX_TIMER_DELAY) timeout?: number;
}

const TRANSPORT_RULES = {
  embedded: EmbeddedRules,
  socket: SocketRules,
  https: HttpsRules,
} as const;

interface TypedTransport {
  readonly type?: unknown;
}

/** Returns every problem of the option `transport` as `path: message`. */
export function checkTransport(transport: unknown): string[] {
  if (!isObject(transport)) return [TRANSPORT_TYPE];
  const type = (transport as TypedTransport).type ?? 'embedded';
  if (!isTransportType(type)) return [TRANSPORT_TYPE, ...checkUntyped(transport)];
  const issues = check(TRANSPORT_RULES[type], transport, 'transport.');
  if (type === 'embedded') return [...issues, ...checkAddresses(transport)];
  return type === 'https' ? [...issues, ...checkClientCertificate(transport)] : issues;
}

function isTransportType(type: unknown): type is keyof typeof TRANSPORT_RULES {
  return typeof type === 'string' && Object.hasOwn(TRANSPORT_RULES, type);
}

const TRANSPORT_TYPE =
  "transport.type: must be 'embedded', 'socket' or 'https', or transport an OxdTransport";

/** Returns the problems of transport options with an unknown type: options that no type accepts. */
function checkUntyped(transport: object): string[] {
  const issues = Object.entries(TRANSPORT_RULES).map(([type, rules]) =>
    check(rules, { ...transport, type }, 'transport.'),
  );
  const isUnknown = (issue?: string): boolean => issue?.endsWith(UNKNOWN_OPTION) ?? false;
  return Object.keys(transport).flatMap((name) => {
    const found = issues.map((list) => list.find((one) => one.startsWith(`transport.${name}: `)));
    if (found.includes(undefined)) return [];
    return found.find((one) => !isUnknown(one)) ?? found[0] ?? [];
  });
}

/** Requires certificate and key together, and that they fit each other. */
function checkClientCertificate(transport: object): string[] {
  const { cert, key } = transport as { readonly cert?: unknown; readonly key?: unknown };
  if (!cert && !key) return [];
  if (!cert) return ['transport.cert: is missing; cert and key go together, set both'];
  if (!key) return ['transport.key: is missing; cert and key go together, set both'];
  return isKeyPair(cert, key) ? [] : ['transport.key: must be the PEM key of transport.cert'];
}

function isKeyPair(cert: unknown, key: unknown): boolean {
  try {
    createSecureContext({ cert: String(cert), key: String(key) });
    return true;
  } catch {
    return false;
  }
}

function checkAddresses({ addresses }: { addresses?: unknown }): string[] {
  if (addresses === undefined || addresses === null) return [];
  return addressProblems(addresses).map((problem) => `transport.addresses${problem}`);
}
