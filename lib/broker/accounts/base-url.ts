import { isIP } from 'node:net';

/** What is wrong with a vendor's URL; `undefined` where nothing is. */
export function baseUrlFault(text: unknown): string | undefined {
  if (typeof text !== 'string' || !URL.canParse(text)) {
    return 'must be a URL such as "https://api.stripe.com"';
  }
  const url = new URL(text);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    return 'must be an https: URL (http: is taken only to loopback)';
  }
  if (
    url.pathname !== '/' ||
    url.search !== '' ||
    url.hash !== '' ||
    url.username !== '' ||
    url.password !== ''
  ) {
    return 'must be an origin alone, without path, query or credentials';
  }
  return undefined;
}

/** Whether a URL's host is this machine. */
export function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost' || hostname === '[::1]') return true;
  return isIP(hostname) === 4 && hostname.startsWith('127.');
}

/** Whether an address of a socket is this machine's own; a socket in the file system has none, and is. */
export function isLoopbackAddress(address: string | undefined): boolean {
  if (address === undefined || address === '::1') return true;
  return isLoopback(address.replace(/^::ffff:/i, ''));
}
