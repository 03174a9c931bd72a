import type { NextFunction, Request, Response } from 'express';

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Refuses what a web page in a browser of this machine could send: under a name of its own that it
 * had lead here (`Host`), or as another site's page (`Origin`). The sample's users are whom a header
 * says they are, so nothing else would keep such a page from charging.
 */
export function loopbackOnly(request: Request, response: Response, next: NextFunction): void {
  const { host, origin } = request.headers;
  const fromHere =
    isLoopback(`http://${host ?? ''}`) && (origin === undefined || isLoopback(origin));
  if (fromHere) next();
  else response.status(403).json({ error: 'foreign_host', message: 'Call it at 127.0.0.1.' });
}

function isLoopback(url: string): boolean {
  return URL.canParse(url) && LOOPBACK.has(new URL(url).hostname);
}
