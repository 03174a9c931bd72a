import type { VendorAnswer, VendorCall } from '../broker-client/broker-client';
import { Trace, isTracing } from '../broker/telemetry/trace';
import { templateOf, validPatterns } from '../contract/pattern';
import type { VaultKey } from '../vault-key/vault-key';
import { errorTypeOf } from './error-type';

/** A server that is no broker of this package's could say anything. */
const VERDICT = /^[a-z_]{1,64}$/;

type Send = (call: VendorCall) => Promise<VendorAnswer>;

/** Sends a call to a vendor, as a span of its invocation up to the head of the answer. */
export function tracedCall(key: VaultKey, call: VendorCall, send: Send): Promise<VendorAnswer> {
  return isTracing() ? withSpan(key, call, send) : send(call);
}

async function withSpan(key: VaultKey, call: VendorCall, send: Send): Promise<VendorAnswer> {
  const { method } = call;
  const path = call.target.split('?')[0] ?? '';
  const patterns = validPatterns(key.allowedEndpoints);
  const template = templateOf(patterns, method, path.slice(1).split('/'));
  const trace = Trace.begin(template === undefined ? method : `${method} ${template}`, {
    kind: 'client',
    around: key.trace,
    attributes: {
      'http.request.method': method,
      'url.template': template,
      'vault_key.vendor': call.vendor,
      'vault_key.key_id': key.id,
    },
  });
  try {
    const answer = await send({ ...call, trace });
    const verdict = verdictIn(answer);
    trace?.set({ 'http.response.status_code': answer.status, 'vault_key.verdict': verdict });
    if (answer.status >= 400) {
      const isVendors = verdict === undefined || verdict === 'forwarded';
      trace?.failed(isVendors ? String(answer.status) : verdict);
    }
    return answer;
  } catch (error) {
    const { type } = errorTypeOf(error);
    trace?.set({ 'vault_key.verdict': type });
    trace?.failed(type);
    throw error;
  } finally {
    trace?.end();
  }
}

function verdictIn({ headers }: VendorAnswer): string | undefined {
  const verdict = headers['x-vault-key-verdict'];
  return verdict !== undefined && VERDICT.test(verdict) ? verdict : undefined;
}
