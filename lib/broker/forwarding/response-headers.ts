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
  'x-content-type-options',
  'www-authenticate',
  'alt-svc',
  'clear-site-data',
  'refresh',
  'link',
  'nel',
  'report-to',
  'reporting-endpoints',
  'service-worker-allowed',
  'sourcemap',
  'x-sourcemap',
  'timing-allow-origin',
  'x-sendfile',
  'x-powered-by',
  'server',
]);
const DROPPED_PREFIXES = ['access-control-', 'x-accel-', 'x-vault-key-'];
const MAX_KNOWN = 512;

/** Whether a header of that name is dropped. A vendor sends the same few with every answer. */
const known = new Map<string, boolean>();

/** So that a browser runs nothing of an answer, whatever the vendor put into it. */
const INERT: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': 'sandbox',
};

/** The vendor's headers as they go on to the caller. */
export function relayedHeaders(
  headers: IncomingHttpHeaders,
  secrets: readonly string[],
): Record<string, string | string[]> {
  const named = namedBy(headers['connection']);
  const relayed: Record<string, string | string[]> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || isDropped(name) || named?.includes(name) === true) continue;
    const text = typeof value === 'string' ? value : value.join('\n');
    if (!secrets.some((secret) => text.includes(secret))) relayed[name] = value;
  }
  return Object.assign(relayed, INERT);
}

/** The headers that `Connection` makes hop-by-hop. */
function namedBy(connection: string | undefined): string[] | undefined {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') {
    return undefined;
  }
  return String(connection)
    .toLowerCase()
    .split(',')
    .map((token) => token.trim());
}

function isDropped(name: string): boolean {
  const answer = known.get(name);
  if (answer !== undefined) return answer;
  // Some readers take `X_Vault_Key_Verdict` for `X-Vault-Key-Verdict`.
  const spelled = name.replaceAll('_', '-');
  const dropped =
    DROPPED.has(spelled) || DROPPED_PREFIXES.some((prefix) => spelled.startsWith(prefix));
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(name, dropped);
  return dropped;
}
