import { OxdConfigurationError } from '../../base/errors.js';
import { proxyProblem } from '../../base/network-rules.js';

/** Forward proxy for each kind of URL, as undici expects it. An empty URL stands for no proxy. */
export interface ProxySettings {
  /** Proxy for plain-http URLs. */
  readonly httpProxy: string;
  /** Proxy for https URLs; undici uses `httpProxy` when it is empty. */
  readonly httpsProxy: string;
  /** Hosts without a proxy. */
  readonly noProxy: string;
  /** True if the proxy comes from the environment, false if from the option. */
  readonly isFromEnvironment: boolean;
}

const ADVICE = 'Correct it, or set transport.proxy (false: no proxy)';

/**
 * Determines the proxy: the option, else the environment variables that undici reads, the lower-case
 * name first. `NO_PROXY` applies in both cases.
 *
 * @param proxy option `transport.proxy`
 * @returns undefined when every connection is direct
 * @throws {OxdConfigurationError} when a variable has no usable URL; its value is not in the message
 */
export function proxySettings(
  proxy: string | false | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): ProxySettings | undefined {
  if (proxy === false) return undefined;
  const noProxy = variable(environment, 'NO_PROXY');
  if (proxy !== undefined) {
    return { httpProxy: proxy, httpsProxy: proxy, noProxy, isFromEnvironment: false };
  }
  const httpProxy = variable(environment, 'HTTP_PROXY');
  const httpsProxy = variable(environment, 'HTTPS_PROXY');
  if (httpProxy === '' && httpsProxy === '') return undefined;
  checkVariables({ HTTP_PROXY: httpProxy, HTTPS_PROXY: httpsProxy });
  return { httpProxy, httpsProxy, noProxy, isFromEnvironment: true };
}

function variable(environment: NodeJS.ProcessEnv, name: string): string {
  return environment[name.toLowerCase()] ?? environment[name] ?? '';
}

function checkVariables(variables: Readonly<Record<string, string>>): void {
  const issues = Object.entries(variables).flatMap(([name, value]) => {
    const problem = value === '' ? undefined : proxyProblem(value);
    return problem ? [`environment variable ${name}: ${problem}. ${ADVICE}`] : [];
  });
  if (issues.length > 0) throw new OxdConfigurationError(issues);
}
