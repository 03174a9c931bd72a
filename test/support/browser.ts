import type { IncomingHttpHeaders } from 'node:http';
import { rawRequest } from './raw-http';

/** An answer, read to its end. */
export interface BrowserAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- a test says by its expectation what it is
  body: any;
}

interface Sent {
  body?: unknown;
  /** `undefined` leaves one out that a browser sends. */
  headers?: Readonly<Record<string, string | undefined>>;
}

/** What a browser does for a page: it keeps cookies by path, and says where the page is from. */
export class Browser {
  /** By name and path. */
  readonly cookies = new Map<string, { name: string; value: string; path: string }>();
  /** What the last answer said of cookies. */
  setCookie: readonly string[] = [];
  readonly #host: string;

  /**
   * @param url Where the page is, below its mount, without a slash at its end.
   * @param host What the browser was told, where that is not the URL's own.
   */
  constructor(
    private readonly url: string,
    host?: { host: string; origin: string; prefix?: string },
  ) {
    const { host: own, origin } = new URL(url);
    this.#host = host?.host ?? own;
    this.origin = host?.origin ?? origin;
    this.prefix = host?.prefix ?? new URL(url).pathname.replace(/\/$/, '');
  }

  /** Of the page. */
  readonly origin: string;
  /** The path of the page as the browser knows it. */
  readonly prefix: string;

  /** @param path Below the mount. */
  async ask(
    method: string,
    path: string,
    { body, headers = {} }: Sent = {},
  ): Promise<BrowserAnswer> {
    const cookie = [...this.cookies.values()]
      .filter((each) => `${this.prefix}${path}`.startsWith(each.path))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
    const text = body === undefined ? '' : JSON.stringify(body);
    const isChange = method !== 'GET' && method !== 'HEAD';
    const all = {
      host: this.#host,
      ...(cookie === '' ? {} : { cookie }),
      ...(isChange
        ? { origin: this.origin, 'content-type': 'application/json', 'content-length': text.length }
        : {}),
      ...headers,
    };
    const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
    const { port, pathname } = new URL(this.url);
    const target = `${pathname.replace(/\/$/, '')}${path}`;
    const answer = await rawRequest(Number(port), method, target, sent, text);
    this.#keep(answer.headers['set-cookie'] ?? []);
    return { ...answer, text: answer.body, body: parsed(answer.body) };
  }

  logIn(token: string, headers?: Sent['headers']): Promise<BrowserAnswer> {
    return this.ask('POST', '/v1/session', { body: { token }, ...(headers && { headers }) });
  }

  /** The session's id, as the cookie has it. */
  get sessionId(): string {
    return [...this.cookies.values()].find(({ name }) => name === 'vault_key_session')?.value ?? '';
  }

  #keep(cookies: readonly string[]): void {
    this.setCookie = cookies;
    for (const cookie of cookies) {
      const [pair = '', ...attributes] = cookie.split('; ');
      const [name = '', value = ''] = pair.split('=');
      const path =
        attributes.find((each) => each.startsWith('Path='))?.slice('Path='.length) ?? '/';
      if (attributes.includes('Max-Age=0')) this.cookies.delete(`${name} ${path}`);
      else this.cookies.set(`${name} ${path}`, { name, value, path });
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
