import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { isLoopback, isLoopbackAddress } from '../accounts/base-url';
import { BrokerRefusal } from '../refusal';

const JSON_TYPE = /^application\/json\s*(?:;|$)/i;
/** The characters of a host and its port. */
const HOST = /^[\w.\-[\]:]+$/;

/** Where people reach the operators' side of a broker with a browser. */
export interface SiteOptions {
  /**
   * The path of its server that it is below, such as `/vault-keys`, without a slash at its end.
   *
   * @default '' the server's root
   */
  mountPath?: string;
  /** Where a browser finds that server, where it is not this machine's own; the mount's path may be in it. */
  publicUrl?: URL;
  /**
   * Whether a proxy in front of it speaks TLS with the browsers.
   *
   * @default false
   */
  behindTls?: boolean;
  /**
   * Whether its server listens beyond loopback, so that all its connections may have come over a network.
   *
   * @default false: each connection is looked at
   */
  isOnNetwork?: boolean;
}

/** What a session's cookie says of where a browser sends it. */
export interface CookieScope {
  path: string;
  isSecure: boolean;
}

/**
 * What a browser may ask, and where. A browser sends its cookies with requests that pages of others have it make,
 * so `Host` and `Origin` have to say that a request is of this page.
 */
export class Site {
  readonly mountPath: string;
  readonly #publicUrl: URL | undefined;
  readonly #behindTls: boolean;
  readonly #isOnNetwork: boolean;

  constructor({
    mountPath = '',
    publicUrl,
    behindTls = false,
    isOnNetwork = false,
  }: SiteOptions = {}) {
    this.mountPath = mountPath;
    this.#publicUrl = publicUrl;
    this.#behindTls = behindTls;
    this.#isOnNetwork = isOnNetwork;
  }

  /** Where the page is for a browser elsewhere, with a slash at its end; `undefined` where nobody has said. */
  get pageUrl(): string | undefined {
    return this.#publicUrl === undefined ? undefined : `${this.#publicUrl.origin}${this.#path}/`;
  }

  /** Whether nobody on a network can read what comes over a connection. */
  isPrivate(req: IncomingMessage): boolean {
    if (this.#behindTls || isEncrypted(req)) return true;
    return !this.#isOnNetwork && isLoopbackAddress(req.socket.localAddress);
  }

  /** @throws BrokerRefusal 421 where a browser took this server for one of another name. */
  checkHost(req: IncomingMessage): void {
    const host = hostOf(req);
    const url = this.#publicUrl;
    if (isLoopbackHost(host)) return;
    if (url !== undefined && originOf(url.protocol, host) === url.origin) return;
    throw new BrokerRefusal(
      'misdirected_request',
      url === undefined
        ? 'The page is served to browsers on this machine alone: set publicUrl (--public-url, VAULT_KEY_PUBLIC_URL) to the URL under which it is opened.'
        : `The page is opened at ${url.origin}, and the header host says otherwise.`,
    );
  }

  /** @throws BrokerRefusal 403 `csrf` where a page of another origin may have sent a change. */
  checkChange(req: IncomingMessage): void {
    const { origin, 'content-type': type = '' } = req.headers;
    if (!JSON_TYPE.test(type)) {
      throw csrf(
        'A change without an Authorization header must have the content type application/json.',
      );
    }
    if (origin === undefined || !this.#isOwn(origin, req)) {
      throw csrf(
        'A change without an Authorization header must come from the page itself: its Origin must be that of the page.',
      );
    }
  }

  /** How a session's cookie is set for the browser that has sent a request. */
  cookieScope(req: IncomingMessage): CookieScope {
    const url = this.#publicUrl;
    // A proxy may have changed host and path; what the browser says of its page it leaves alone.
    if (url !== undefined && req.headers.origin === url.origin) {
      return { path: this.#path || '/', isSecure: url.protocol === 'https:' };
    }
    return { path: this.mountPath || '/', isSecure: !isLoopbackHost(hostOf(req)) };
  }

  /** The path of the page for a browser elsewhere, without a slash at its end. */
  get #path(): string {
    const path = (this.#publicUrl?.pathname ?? '').replace(/\/+$/, '');
    return path.endsWith(this.mountPath) ? path : path + this.mountPath;
  }

  #isOwn(origin: string, req: IncomingMessage): boolean {
    if (origin === this.#publicUrl?.origin) return true;
    const host = hostOf(req);
    if (origin === originOf(isEncrypted(req) ? 'https:' : 'http:', host)) return true;
    return this.#behindTls && origin === originOf('https:', host);
  }
}

function csrf(message: string): BrokerRefusal {
  return new BrokerRefusal('csrf', message);
}

function hostOf({ headers }: IncomingMessage): string {
  // HTTP/2 has it under another name.
  const authority = headers[':authority'];
  return (typeof authority === 'string' ? authority : headers.host) ?? '';
}

function isLoopbackHost(host: string): boolean {
  const origin = originOf('http:', host);
  return origin !== undefined && isLoopback(new URL(origin).hostname);
}

/** The origin of a host, in the form in which browsers send it; `undefined` if it is not a host. */
function originOf(protocol: string, host: string): string | undefined {
  const text = `${protocol}//${host}`;
  return HOST.test(host) && URL.canParse(text) ? new URL(text).origin : undefined;
}

function isEncrypted({ socket }: IncomingMessage): boolean {
  return (socket as Partial<TLSSocket>).encrypted === true;
}
