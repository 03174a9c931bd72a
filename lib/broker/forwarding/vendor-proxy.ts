import { isLoopback } from '../accounts/base-url';

/** A proxy that calls to a vendor go through. */
export interface VendorProxy {
  /** May hold credentials: only its `host` is ever shown. */
  url: URL;
  /** The variable of the environment that names it. */
  variable: string;
}

/** What the environment says of a vendor: a proxy, none, or one that cannot be used. */
export type ProxySetting = VendorProxy | { variable: string; fault: string } | undefined;

const VARIABLES = ['https_proxy', 'HTTPS_PROXY'];

/**
 * The proxy for a vendor, by `HTTPS_PROXY` and `NO_PROXY`. Only an `https:` vendor beyond this
 * machine has one: a proxy would read what goes to any other, and its secret with it.
 */
export function proxyFor(vendor: URL, env: NodeJS.ProcessEnv): ProxySetting {
  if (vendor.protocol !== 'https:' || isLoopback(vendor.hostname)) return undefined;
  const variable = VARIABLES.find((name) => (env[name] ?? '') !== '');
  if (variable === undefined || isExcepted(vendor, env['no_proxy'] ?? env['NO_PROXY'] ?? '')) {
    return undefined;
  }
  const url = proxyUrl(env[variable] ?? '');
  return url === undefined
    ? { variable, fault: 'must be a URL such as "http://proxy.example.com:3128"' }
    : { variable, url };
}

function proxyUrl(text: string): URL | undefined {
  try {
    const url = new URL(text);
    // Credentials that are not well-formed would only fail with the first call.
    decodeURIComponent(url.username + url.password);
    const isProxy = url.protocol === 'http:' || url.protocol === 'https:';
    return isProxy && url.pathname === '/' && url.search === '' ? url : undefined;
  } catch {
    return undefined;
  }
}

/** A name in the list means its subdomains too; one that begins with a dot means only those. */
function isExcepted({ hostname, port }: URL, list: string): boolean {
  return list.split(/[\s,]+/).some((entry) => {
    const [, name = '', entryPort = ''] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    if (name === '' || (entryPort !== '' && entryPort !== (port || '443'))) return false;
    if (name === '*') return true;
    const suffix = name.replace(/^\*?\./, '.');
    return suffix.startsWith('.')
      ? hostname.endsWith(suffix)
      : hostname === suffix || hostname.endsWith(`.${suffix}`);
  });
}
