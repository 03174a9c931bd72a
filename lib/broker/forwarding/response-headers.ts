import type { IncomingHttpHeaders } from 'node:http';

/** Hop-by-hop, or able to act on a browser or a proxy on the way, or ours. */
const DROPPED: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'set-cookie',
  'set-cookie2',
  'location',
  'content-location',
  'strict-transport-security',
  'content-security-policy',
  'content-security-policy-report-only',
  'alt-svc',
  'clear-site-data',
  'refresh',
  'link',
  'x-sendfile',
  'server',
]);
const DROPPED_PREFIXES = ['access-control-', 'x-accel-', 'x-vault-key-'];

/** The vendor's headers as they go on to the caller. */
export function relayedHeaders(
  headers: IncomingHttpHeaders,
  secret: string,
): Record<string, string | string[]> {
  const named = new Set(
    String(headers['connection'] ?? '')
      .toLowerCase()
      .split(',')
      .map((token) => token.trim()),
  );
  const relayed: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    // Some readers take `X_Vault_Key_Verdict` for `X-Vault-Key-Verdict`.
    const spelled = name.replaceAll('_', '-');
    if (value === undefined || DROPPED.has(spelled) || named.has(name)) continue;
    if (DROPPED_PREFIXES.some((prefix) => spelled.startsWith(prefix))) continue;
    if ([value].flat().some((text) => text.includes(secret))) continue;
    relayed[name] = value;
  }
  return relayed;
}
