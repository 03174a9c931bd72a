import type * as Undici from 'undici';

/**
 * undici's pool. The file is loaded by its own name: the whole package, with fetch, WebSocket and
 * caches, takes three times as long, half of a broker's start.
 */
export const Pool = loadPool();

/** Loaded where there is a proxy: it needs the whole package. */
export function loadProxyAgent(): typeof Undici.ProxyAgent {
  return (require('undici') as typeof Undici).ProxyAgent;
}

function loadPool(): typeof Undici.Pool {
  try {
    return require('undici/lib/dispatcher/pool.js') as typeof Undici.Pool;
  } catch {
    // A version that has it elsewhere.
    return (require('undici') as typeof Undici).Pool;
  }
}
