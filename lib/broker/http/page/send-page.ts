import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PageFile } from './page-files';

const YEAR_S = 31_536_000;

/** Nothing but what comes from the page's own origin, and no way out of it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** Answers a GET or HEAD with a file of the page. */
export async function sendPage(
  req: IncomingMessage,
  res: ServerResponse,
  file: PageFile,
): Promise<void> {
  const headers: Record<string, string | number> = {
    ...HEADERS,
    'cache-control': file.isImmutable ? `public, max-age=${YEAR_S}, immutable` : 'no-cache',
    etag: file.etag,
    vary: 'accept-encoding',
  };
  if ((req.headers['if-none-match'] ?? '').includes(file.etag)) {
    res.writeHead(304, headers).end();
    return;
  }
  const gzipped = takesGzip(req) ? await file.gzipped() : undefined;
  if (gzipped !== undefined) headers['content-encoding'] = 'gzip';
  const bytes = gzipped ?? file.bytes;
  headers['content-type'] = file.type;
  headers['content-length'] = bytes.length;
  res.writeHead(200, headers);
  res.end(req.method === 'HEAD' ? undefined : bytes);
}

/** Sends a browser to the same path with a slash at its end, which the page's own addresses are relative to. */
export function sendToSlash(res: ServerResponse, path: string): void {
  const last = path.slice(path.lastIndexOf('/') + 1);
  res.writeHead(308, { ...HEADERS, location: `./${last}/`, 'content-length': 0 }).end();
}

function takesGzip({ headers }: IncomingMessage): boolean {
  return /(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))|,|$)/i.test(
    headers['accept-encoding'] ?? '',
  );
}
