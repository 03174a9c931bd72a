import type { ConfiguredVendor } from './configured-vendor';
import type { ExchangeEnd, ExchangeHead, ExchangeRequest } from './exchange';
import type { AnswerLimits, WholeAnswer } from './vendor-connection';

/** How a call to an account's vendor goes, and who is told of it. */
export interface VendorExchange {
  request: ExchangeRequest;
  /** Whether its end tells the body. */
  capture: boolean;
  /** Called once, as by `VendorConnection.exchange`: with the end that counts. */
  onEnd: (end: ExchangeEnd) => void;
  /** The vendor did not accept the secret that sends first, and the other one is tried. */
  onOtherSecret: () => void;
}

/**
 * Sends a request with an account's secret: with the one that sends first and, where the vendor answers
 * 401, once more with the other. A vendor executes nothing of a call whose secret it does not accept.
 *
 * @returns As `VendorConnection.exchange`.
 */
export async function exchangeWithSecret(
  { vendor, secrets, connection }: Pick<ConfiguredVendor, 'vendor' | 'secrets' | 'connection'>,
  { request, capture, onEnd, onOtherSecret }: VendorExchange,
): Promise<ExchangeHead | undefined> {
  const send = (
    secret: string,
    ended: (end: ExchangeEnd) => void,
  ): Promise<ExchangeHead | undefined> => {
    const headers = { ...request.headers, authorization: vendor.authorization(secret) };
    return connection.exchange({ ...request, headers }, capture, ended);
  };
  const [first, other] = secrets;
  if (other === undefined) return send(first, onEnd);
  const { promise: refused, resolve } = withResolvers();
  const head = await send(first, (end) => {
    if (end.kind !== 'failed' && end.status === 401) resolve();
    else onEnd(end);
  });
  if (head?.status !== 401) return head;
  // Before the next one leaves, so that a call has one connection at a time.
  head.body.drop();
  await refused;
  onOtherSecret();
  return send(other, onEnd);
}

/**
 * Sends a request that only reads, with the secret that sends first and, where the vendor does not accept
 * that, with the other, within the time that is given for both.
 */
export async function readWithSecret(
  { vendor, secrets, connection }: Pick<ConfiguredVendor, 'vendor' | 'secrets' | 'connection'>,
  request: ExchangeRequest,
  { withinMs, maxBytes }: AnswerLimits,
): Promise<WholeAnswer | ExchangeEnd> {
  const until = performance.now() + withinMs;
  const send = (secret: string): Promise<WholeAnswer | ExchangeEnd> => {
    const headers = { ...request.headers, authorization: vendor.authorization(secret) };
    const limits = { withinMs: Math.max(1, until - performance.now()), maxBytes };
    return connection.read({ ...request, headers }, limits);
  };
  const [first, other] = secrets;
  const answer = await send(first);
  if (other === undefined || 'kind' in answer || answer.status !== 401) return answer;
  return send(other);
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
