import { CallRefusedException } from '../exceptions/call-refused.exception';
import type { VaultKeyException } from '../exceptions/vault-key.exception';
import { VaultKeyUnavailableException } from '../exceptions/vault-key-unavailable.exception';
import { VendorOutcomeUnknownException } from '../exceptions/vendor-outcome-unknown.exception';
import type { VendorCall } from './broker-client';
import type { Flight, FlightLimits } from './flight';
import { bareError } from './request-sender';

/** What became of a request that got no answer. */
export type Unanswered = Pick<Flight, 'sent' | 'timedOut' | 'queued' | 'failure'> &
  Partial<Pick<Flight, 'reused'>>;

/** How it was sent. */
export interface Sending {
  limits: FlightLimits;
  /** How many requests of its kind may be with a broker at once. */
  atOnce: number;
  /** How many brokers could have been asked. */
  brokers: number;
  idempotencyKey?: string | undefined;
}

/** Whether the call itself cannot go over HTTP, to whichever broker. */
export function isOfCall(flight: Unanswered): boolean {
  return !flight.sent && /^(?:ERR_(?!SSL_|TLS_)|UND_ERR_INVALID_ARG$)/.test(codeOf(flight));
}

/** What a vendor call that got no answer is for its caller. */
export function noCallAnswer(
  flight: Unanswered,
  call: VendorCall,
  { limits, atOnce, brokers, idempotencyKey }: Sending,
): VaultKeyException {
  const cause = causeOf(flight);
  if (flight.sent) {
    return new VendorOutcomeUnknownException({
      vendor: call.vendor,
      happened: flight.timedOut
        ? `no answer came within ${secondsText(limits.answerMs)}`
        : `the connection to the broker broke (${codeOf(flight)})`,
      timedOut: flight.timedOut,
      idempotencyKey,
      readOnly: isReadOnly(call.method),
      cause,
    });
  }
  if (isOfCall(flight)) {
    return new CallRefusedException({
      status: 400,
      code: 'invalid_request',
      message: `The call to ${call.vendor} was not sent: its method or a header cannot go over HTTP (${codeOf(flight)}).`,
      cause,
    });
  }
  if (flight.queued) {
    return overloaded(`The call to ${call.vendor} was not sent`, atOnce, 'calls', limits, cause);
  }
  return new VaultKeyUnavailableException({
    message: `${brokers === 1 ? "The broker's proxy could not" : `None of the ${brokers} brokers could`} be reached (${unreached(flight, limits)}), so nothing was sent to ${call.vendor}. Try again in a moment; if it stays so, check the broker.${brokers === 1 ? 'proxyUrl option and that the broker runs' : 'url option and that they run'}.`,
    cause,
  });
}

/** What an issue that got no answer is for its caller. */
export function noIssueAnswer(
  flight: Unanswered,
  { limits, atOnce, brokers }: Sending,
): VaultKeyException {
  const cause = causeOf(flight);
  if (flight.queued) {
    return overloaded('No vault key was issued', atOnce, 'requests for one', limits, cause);
  }
  if (!flight.sent) {
    return new VaultKeyUnavailableException({
      message: `${brokers === 1 ? 'The broker could not' : `None of the ${brokers} brokers could`} be reached (${unreached(flight, limits)}), so no vault key was issued. Try again in a moment; if it stays so, check the broker.url option and that ${brokers === 1 ? 'the broker runs' : 'they run'}.`,
      cause,
    });
  }
  return new VaultKeyUnavailableException({
    message: `The broker was asked for a vault key and its answer was lost: ${reasonOf(flight)}. Try again in a moment.`,
    keyMayExist: true,
    cause,
  });
}

/** More is asked of the broker than it does in time, so what waits is given up early. */
function overloaded(
  what: string,
  most: number,
  ofThem: string,
  limits: FlightLimits,
  cause: Error | undefined,
): VaultKeyUnavailableException {
  return new VaultKeyUnavailableException({
    message: `${what} (overloaded): ${most} ${ofThem} were with the broker, as many as one process may have there, and this one waited ${secondsText(limits.connectMs)} for its turn. Try again in a moment.`,
    retryAfter: 1,
    cause,
  });
}

function unreached(flight: Unanswered, limits: FlightLimits): string {
  return flight.timedOut ? `no connection within ${secondsText(limits.connectMs)}` : codeOf(flight);
}

function isReadOnly(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

function codeOf(flight: Unanswered): string {
  return flight.failure?.code ?? 'the connection was closed';
}

/** Why there is no answer, in a few words. */
export function reasonOf(flight: Unanswered): string {
  if (flight.queued) return 'overloaded: no connection to the broker was free in time';
  if (flight.timedOut) return flight.sent ? 'no answer in time' : 'no connection in time';
  return flight.sent
    ? `the connection broke (${codeOf(flight)})`
    : `the broker could not be reached (${codeOf(flight)})`;
}

/** What went wrong, for an exception's `cause`: no request, no secret. */
export function causeOf(flight: Unanswered): Error | undefined {
  return flight.failure === undefined ? undefined : bareError(flight.failure);
}

function secondsText(ms: number): string {
  return `${ms / 1_000} s`;
}
