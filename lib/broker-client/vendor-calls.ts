import type { Trace } from '../broker/telemetry/trace';
import { targetFault } from '../contract/target';
import { vendorNameFault } from '../contract/vendor-name';
import { CallRefusedException } from '../exceptions/call-refused.exception';
import type { VendorAnswer, VendorCall } from './broker-client';
import { attemptEnds } from './broker-choice';
import type { BrokerChoice } from './broker-choice';
import { CALLS_AT_ONCE } from './broker-connections';
import type { BrokerConnections } from './broker-connections';
import type { FlightLimits } from './flight';
import { isOfCall, noCallAnswer } from './no-answer';
import type { Unanswered } from './no-answer';
import type { RequestSender } from './request-sender';

/** Headers that are the connection's or the client's own; a call cannot set them. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  'accept-encoding',
  'authorization',
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** One way to have a call forwarded, and what became of it there. */
type Attempt = (
  broker: BrokerConnections,
  headers: Record<string, string>,
  limits: FlightLimits,
) => Promise<{ answer: VendorAnswer } | { unanswered: Unanswered }>;

/**
 * Has vendor calls forwarded by brokers on one store. A call goes to another broker only where it has
 * certainly not reached the one before: it may move money.
 */
export class VendorCalls {
  constructor(
    private readonly brokers: BrokerChoice<BrokerConnections>,
    private readonly sender: RequestSender,
    private readonly limits: FlightLimits,
    /** Whether the broker is told which trace a call is a part of. */
    private readonly tellsTraces = false,
  ) {}

  /** Over `@nestjs/axios`. Throws as `BrokerClient.forward`. */
  forward(call: VendorCall): Promise<VendorAnswer> {
    return this.#inTurn(call, async (broker, headers, limits) => {
      const { method, body } = call;
      const path = `/${call.vendor}${call.target}`;
      const { flight, answer } = await this.sender.send(
        { base: broker.proxy, method, path, headers, ...(body === undefined ? {} : { body }) },
        limits,
        broker.calls,
      );
      return answer === undefined ? { unanswered: flight } : { answer };
    });
  }

  /** Over undici. Throws as `BrokerClient.forward`. */
  relay(call: VendorCall): Promise<VendorAnswer> {
    return this.#inTurn(call, async (broker, headers, limits) => {
      const { method, body } = call;
      const path = `${broker.proxy.prefix}/${call.vendor}${call.target}`;
      const relay = broker.relay(this.limits);
      const relayed = await relay.send({ method, path, headers, body }, limits.connectMs);
      return relayed.answered ? { answer: relayed } : { unanswered: relayed };
    });
  }

  async #inTurn(call: VendorCall, attempt: Attempt): Promise<VendorAnswer> {
    const headers = headersOf(call, this.tellsTraces ? call.trace : undefined);
    check(call);
    const order = this.brokers.inOrder();
    const ends = attemptEnds(order.length);
    let unsent: Unanswered | undefined;
    for (const broker of order) {
      const limits = this.#limitsUntil(ends.next().value);
      const result = await attempt(broker, headers, limits);
      if ('answer' in result) {
        this.#note(broker, result.answer);
        return result.answer;
      }
      const { unanswered } = result;
      if (!unanswered.queued && !isOfCall(unanswered)) this.brokers.failed(broker);
      if (unanswered.sent || isOfCall(unanswered)) throw this.#noAnswer(unanswered, call, headers);
      // That all it could do was full says more than that another one was not there.
      if (unsent === undefined || unanswered.queued) unsent = unanswered;
    }
    if (unsent === undefined) throw new Error('there is no broker to ask');
    throw this.#noAnswer(unsent, call, headers);
  }

  /** The call waits for its turn first, and then for its connection: both are before it leaves. */
  #limitsUntil(end: number | undefined): FlightLimits {
    if (end === undefined) return this.limits;
    const half = Math.max(0, end - performance.now()) / 2;
    return { ...this.limits, connectMs: Math.min(this.limits.connectMs, half) };
  }

  #note(broker: BrokerConnections, { status, headers }: VendorAnswer): void {
    const verdict = headers['x-vault-key-verdict'];
    const isOfStore = verdict === 'store_unavailable' || verdict === 'audit_unavailable';
    const isOfWay = verdict === undefined && status >= 502 && status <= 504;
    if (isOfStore || isOfWay) this.brokers.failed(broker);
    else this.brokers.worked(broker);
  }

  #noAnswer(unanswered: Unanswered, call: VendorCall, headers: Record<string, string>): Error {
    return noCallAnswer(unanswered, call, {
      limits: this.limits,
      atOnce: CALLS_AT_ONCE,
      brokers: this.brokers.all.length,
      idempotencyKey: headers['idempotency-key'],
    });
  }
}

function headersOf(call: VendorCall, trace: Trace | undefined): Record<string, string> {
  const headers: Record<string, string> = trace === undefined ? {} : trace.headers();
  for (const [name, value] of Object.entries(call.headers)) {
    const lower = name.toLowerCase();
    if (!OWN_HEADERS.has(lower)) headers[lower] = value;
  }
  headers['accept-encoding'] = 'identity';
  headers['authorization'] = `Bearer ${call.token}`;
  return headers;
}

/** @throws CallRefusedException for a call that could be read as another one. */
function check(call: VendorCall): void {
  const fault = targetFault(call.target);
  if (fault !== undefined) {
    throw CallRefusedException.forArgument('path', `cannot be sent: ${fault}`, 'invalid_path');
  }
  const nameIs = vendorNameFault(call.vendor);
  if (nameIs !== undefined) throw CallRefusedException.forArgument('vendor', nameIs);
}
