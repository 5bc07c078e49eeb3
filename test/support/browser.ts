import { registerCredentialsIn, registerSecret } from './secrets.js';

/** Result of one request of a browser. */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
  /** Absolute URL of a redirect. */
  readonly location?: string;
}

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  readonly secure: boolean;
}

/** A browser made of fetch and a cookie jar: one per user, or per device of a user. */
export class Browser {
  /** Cookies by host, because browsers share cookies between ports. */
  private readonly jars = new Map<string, Map<string, Cookie>>();

  /** Sends one request; returns a redirect without following it. */
  async request(url: string, init: RequestInit = {}): Promise<Page> {
    const headers = new Headers(init.headers);
    const cookie = this.cookieHeader(url);
    if (cookie && !headers.has('cookie')) headers.set('cookie', cookie);
    headers.set('accept', headers.get('accept') ?? 'text/html');
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    this.keepCookies(url, response.headers.getSetCookie());
    const header = response.headers.get('location');
    const location = header === null ? undefined : new URL(header, url).href;
    if (location !== undefined) registerCredentialsIn(location);
    return {
      url,
      status: response.status,
      headers: response.headers,
      html: await response.text(),
      ...(location !== undefined && { location }),
    };
  }

  /** Follows redirects to the page at their end, or to the one before `stop` would be requested. */
  async follow(from: string | Page, stop: (url: string) => boolean = () => false): Promise<Page> {
    let page = typeof from === 'string' ? await this.request(from) : from;
    for (let hops = 0; page.location !== undefined && !stop(page.location); hops++) {
      if (hops === 20) throw new Error('More than 20 redirects.');
      page = await this.request(page.location);
    }
    return page;
  }

  /** Submits the first form of a page with its first button, as the Enter key does. */
  async submitForm(page: Page, values: Readonly<Record<string, string>> = {}): Promise<Page> {
    const { action, method, fields } = readForm(page.html);
    for (const [name, value] of Object.entries(values)) fields.set(name, value);
    const url = new URL(action || page.url, page.url);
    const origin = new URL(page.url).origin;
    if (method === 'post') {
      return this.request(url.href, { method: 'POST', body: fields, headers: { origin } });
    }
    url.search = fields.toString();
    return this.request(url.href);
  }

  /** The `Cookie` header that goes along with a request to this URL. */
  cookieHeader(url: string): string {
    const { hostname, pathname, protocol } = new URL(url);
    return [...(this.jars.get(hostname)?.values() ?? [])]
      .filter(({ path, secure }) => matches(pathname, path) && (protocol === 'https:' || !secure))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  /** Puts a cookie into the jar as if `url` had set it with this `Set-Cookie` value. */
  keepCookies(url: string, lines: readonly string[]): void {
    const { hostname } = new URL(url);
    const jar = this.jars.get(hostname) ?? new Map<string, Cookie>();
    this.jars.set(hostname, jar);
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const name = pair.slice(0, pair.indexOf('='));
      const value = pair.slice(pair.indexOf('=') + 1);
      const attribute = (key: string) =>
        attributes.find((one) => one.toLowerCase().startsWith(`${key}=`))?.slice(key.length + 1);
      const path = attribute('path') ?? '/';
      const secure = attributes.some((one) => one.toLowerCase() === 'secure');
      if (isOver(attribute('max-age'), attribute('expires'))) jar.delete(`${name} ${path}`);
      else jar.set(`${name} ${path}`, { name, value, path, secure });
      registerSecret(value);
    }
  }

  /** Forgets every cookie. */
  clear(): void {
    this.jars.clear();
  }
}

/** User who logs in at the sandbox, with the decisions on its pages. */
export interface SandboxAnswers {
  readonly username?: string;
  readonly password?: string;
  /** One-time code, if the login page requires one. */
  readonly code?: string;
  /** Decision on the login page; default `allow`. */
  readonly login?: 'allow' | 'deny';
  /** Decision on the consent page; default `allow`. */
  readonly consent?: 'allow' | 'deny';
}

/**
 * Completes the pages of the sandbox as a user does: login, consent, logout.
 *
 * @param from URL of the application or of the sandbox, or the page the user is at
 * @param stop returns true for the URL before which to stop; default: never
 * @returns the first page without a question of the sandbox
 */
export async function passSandbox(
  browser: Browser,
  from: string | Page,
  answers: SandboxAnswers = {},
  stop?: (url: string) => boolean,
): Promise<Page> {
  const { username = 'zoe', password = 'sandbox', code = '123456' } = answers;
  let page = await browser.follow(from, stop);
  for (let asked = 0; asked < 5 && page.location === undefined; asked++) {
    const question = new URL(page.url).pathname;
    if (question.startsWith('/interaction/')) {
      const isLogin = page.html.includes('name="password"');
      const decision = (isLogin ? answers.login : answers.consent) ?? 'allow';
      page = await browser.submitForm(page, {
        ...(isLogin && { login: username, password }),
        ...(page.html.includes('name="code"') && { code }),
        decision,
      });
    } else if (question === '/session/end') {
      page = await browser.submitForm(page, { logout: 'yes' });
    } else {
      return page;
    }
    page = await browser.follow(page, stop);
  }
  return page;
}

function readForm(html: string) {
  const form = /<form([^>]*)>(.*?)<\/form>/s.exec(html);
  if (!form) throw new Error('The page has no form.');
  const { action = '', method = 'get', id } = attributesOf(form[1] ?? '');
  const fields = new URLSearchParams();
  let pressed = false;
  for (const [tag, name] of html.matchAll(/<(input|button|select|textarea)\b[^>]*>/g)) {
    const inside = form[2]?.includes(tag);
    const attributes = attributesOf(tag);
    if (attributes.form === undefined ? !inside : attributes.form !== id) continue;
    if (name === 'button' && pressed) continue;
    if (name === 'button') pressed = true;
    if (attributes.type === 'radio' && attributes.checked === undefined) continue;
    if (attributes.name !== undefined) fields.set(attributes.name, attributes.value ?? '');
  }
  return { action, method: method.toLowerCase(), fields };
}

function attributesOf(tag: string): Partial<Record<string, string>> {
  const attributes: Record<string, string> = {};
  for (const [, name = '', value = ''] of tag.matchAll(/([\w-]+)(?:="([^"]*)")?/g)) {
    attributes[name] = unescapeHtml(value);
  }
  return attributes;
}

/** Visible text of a page. */
export function textOf(html: string): string {
  const body = html.replace(/<(style|script|head)\b.*?<\/\1>/gs, ' ').replace(/<[^>]*>/g, ' ');
  return unescapeHtml(body).replace(/\s+/g, ' ').trim();
}

function unescapeHtml(text: string): string {
  const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_all, name: string) => entities[name] ?? '');
}

function matches(pathname: string, path: string): boolean {
  return pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
}

function isOver(maxAge: string | undefined, expires: string | undefined): boolean {
  if (maxAge !== undefined) return Number(maxAge) <= 0;
  return expires !== undefined && Date.parse(expires) <= Date.now();
}
