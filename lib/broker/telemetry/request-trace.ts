import type { IncomingMessage, ServerResponse } from 'node:http';
import { Trace } from './trace';

/** What requests are a part of, and whether it is their own span. */
const traces = new WeakMap<IncomingMessage, { trace: Trace; isOwn: boolean }>();
/** What is asked for again and again, by programs that watch. */
const UNTRACED: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

/** Begins the span of a request, as a part of the trace that its headers name; it ends with the answer. */
export function beginRequest(req: IncomingMessage, res: ServerResponse, path: string): void {
  if (UNTRACED.has(path)) return;
  const { method = '', headers } = req;
  const begun = Trace.ofRequest(method, headers, { 'http.request.method': method });
  if (begun === undefined) return;
  traces.set(req, begun);
  if (!begun.isOwn) return;
  const { trace } = begun;
  res.once('close', () => {
    trace.set({ 'http.response.status_code': res.statusCode });
    if (res.statusCode >= 500) trace.failed(String(res.statusCode));
    trace.end();
  });
}

/** What a request is a part of; absent where nothing is traced. */
export function traceOf(req: IncomingMessage): Trace | undefined {
  return traces.get(req)?.trace;
}

/** The route of a request is known: a path without ids, or the pattern that is matched. */
export function nameRequest(req: IncomingMessage, route: string | RegExp): void {
  const begun = traces.get(req);
  if (begun === undefined || !begun.isOwn) return;
  const template = typeof route === 'string' ? route : templateIn(route);
  begun.trace.name(`${req.method} ${template}`);
  begun.trace.set({ 'http.route': template });
}

/** A request was refused. */
export function refuseRequest(req: IncomingMessage, code: string): void {
  const begun = traces.get(req);
  begun?.trace.set({ 'vault_key.verdict': code });
  if (begun?.isOwn === true) begun.trace.failed(code);
}

/** The path that a route's pattern matches, `{id}` in place of each group. */
function templateIn({ source }: RegExp): string {
  return source
    .replace(/^\^|\$$/g, '')
    .replaceAll('\\/', '/')
    .replace(/\((?:[^()[\]]|\[[^\]]*\])*\)/g, '{id}');
}
