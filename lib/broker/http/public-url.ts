import { isLoopback } from '../accounts/base-url';

/** What is wrong with the URL under which people open the page; `undefined` where nothing is. */
export function publicUrlFault(text: unknown): string | undefined {
  if (typeof text !== 'string' || !URL.canParse(text)) {
    return 'must be a URL such as "https://ops.example.com"';
  }
  const url = new URL(text);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    return 'must be an https: URL (http: is taken only to loopback)';
  }
  if (url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '') {
    return 'must have no query, fragment or credentials';
  }
  return undefined;
}

const SEGMENT = /^[A-Za-z0-9._~-]+$/;

/** What is wrong with the path of a mount; `undefined` where nothing is. */
export function mountPathFault(path: unknown): string | undefined {
  const rule =
    'must be a path such as "/vault-keys": a slash and a name of letters, digits, -, _, . or ~, once or more';
  if (typeof path !== 'string' || !path.startsWith('/') || path.length > 200) return rule;
  const segments = path.slice(1).split('/');
  return segments.every((segment) => SEGMENT.test(segment) && !/^\.{1,2}$/.test(segment))
    ? undefined
    : rule;
}
