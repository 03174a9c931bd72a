import { templateOf, validPatterns } from '../../contract/pattern';
import type { KnownCall } from '../forwarding/known-call';
import type { ExchangeEnd } from '../forwarding/exchange';
import { BrokerRefusal } from '../refusal';
import { Trace } from './trace';

type TracedCall = Pick<KnownCall, 'call' | 'key' | 'configured'>;

/** Has a call admitted, as a span of its trace where it has one. */
export function tracedAdmission<T>(known: TracedCall, admit: () => Promise<T>): Promise<T> {
  const trace = begin('admit', 'internal', known);
  if (trace === undefined) return admit();
  const { call, key } = known;
  call.trace?.set({ 'vault_key.key_id': key.id, 'vault_key.vendor': call.vendor });
  const admitting = admit();
  admitting.then(
    () => trace.end(),
    (error: unknown) => {
      trace.failed(error instanceof BrokerRefusal ? error.code : 'Error');
      trace.end();
    },
  );
  return admitting;
}

/** Begins the span of a call's way to its vendor and back. */
export function beginExchange(known: TracedCall): Trace | undefined {
  const { call, key } = known;
  if (call.trace === undefined) return undefined;
  const path = call.target.split('?')[0] ?? '';
  const patterns = validPatterns(key.allowedEndpoints);
  const template = templateOf(patterns, call.method, path.slice(1).split('/'));
  const name = template === undefined ? call.method : `${call.method} ${template}`;
  const trace = begin(name, 'client', known);
  trace?.set({ 'http.request.method': call.method, 'url.template': template, ...server(known) });
  return trace;
}

/** Begins the span of what the broker reads at the vendor to price a call. */
export function beginLookup(known: TracedCall): Trace | undefined {
  const trace = begin('GET', 'client', known);
  trace?.set({ 'http.request.method': 'GET', 'vault_key.lookup': true, ...server(known) });
  return trace;
}

/** Ends a span of {@link beginExchange}. */
export function endExchange(trace: Trace, end: ExchangeEnd): void {
  if (end.kind === 'failed') trace.failed(end.timedOut ? 'timeout' : end.cause);
  else endWithStatus(trace, end.status);
  if (end.kind === 'cut') trace.failed('cut');
  trace.end();
}

/** @param status Of the vendor's answer; `undefined` where none came. */
export function endLookup(trace: Trace, status: number | null | undefined): void {
  if (status == null) trace.failed('no_answer');
  else endWithStatus(trace, status);
  trace.end();
}

function begin(name: string, kind: 'internal' | 'client', { call, key }: TracedCall) {
  if (call.trace === undefined) return undefined;
  return Trace.begin(name, {
    kind,
    parent: call.trace,
    attributes: { 'vault_key.vendor': call.vendor, 'vault_key.key_id': key.id },
  });
}

function server({ configured }: TracedCall) {
  const { hostname, port, protocol } = new URL(configured.connection.origin);
  return {
    'server.address': hostname,
    'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
  };
}

function endWithStatus(trace: Trace, status: number): void {
  trace.set({ 'http.response.status_code': status });
  if (status >= 400) trace.failed(String(status));
}
