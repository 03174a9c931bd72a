import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import type { PreparedCall } from './stripe/endpoint';
import { findEndpoint } from './stripe/endpoints';
import { expand } from './stripe/expansion';
import { IdempotencyKeys } from './stripe/idempotency-keys';
import { StripeAccount } from './stripe/stripe-account';
import {
  apiVersionOf,
  authenticate,
  ended,
  idempotencyKeyOf,
  isOfWebPage,
  receivedCall,
} from './stripe/received-call';
import type { ReceivedCall } from './stripe/received-call';
import { answerTo, isSaved, scriptedAnswer } from './stripe/scripted-answer';
import { send, sendHalf, sendPadded } from './stripe/send-answer';
import type { StripeAnswer } from './stripe/stripe-answer';
import { StripeBook } from './stripe/stripe-book';
import type { StripeCall } from './stripe/stripe-book';
import { assertFault, compileMatch, StripeScript } from './stripe/stripe-script';
import type {
  FaultMoment,
  HeldCalls,
  ScriptedCalls,
  StripeCallMatch,
  StripeFault,
} from './stripe/stripe-script';

/** Settings of an offline Stripe. */
export interface StripeVendorOptions {
  /**
   * The port to listen on, on 127.0.0.1. 0 takes a free one.
   *
   * @default 0
   */
  port?: number;
  /**
   * The secret key that calls must come with.
   *
   * @default 'sk_test_offline'
   */
  secretKey?: string;
  /**
   * How many calls, movements of money, idempotency keys and objects of each kind are kept, the
   * latest. `vendor.book.forgotten` counts what made room; totals count it still. `Infinity` keeps
   * all, some 20 KB a charge.
   *
   * @default 10_000
   */
  keep?: number;
}

const HOST = '127.0.0.1';
const DEFAULT_KEEP = 10_000;
const DEFAULT_SECRET_KEY = 'sk_test_offline';
// Longer than clients keep idle connections, so that none meets a connection just being closed.
const KEEP_ALIVE_MS = 75_000;

/** What comes before the endpoint: an answer already, or a call that may execute. */
type Admission =
  { readonly answer: StripeAnswer } | { readonly prepared: PreparedCall; readonly id: string };

/**
 * A Stripe with no network and no account: PaymentIntents, charges, refunds, customers and payouts as
 * Stripe's API v1 has them, over HTTP on 127.0.0.1, with test cards, `Idempotency-Key` and Stripe's own
 * errors; everything else is Stripe's 404. It keeps a {@link StripeBook} of what it executed, and does
 * wrong what a spec tells it to.
 *
 * Not modelled: balances (a payout never fails for lack of funds), fees, disputes, webhooks.
 *
 * @example
 * ```ts
 * const vendor = await createStripeVendor();
 * const stripe = new Stripe(vendor.secretKey, { host: '127.0.0.1', port: vendor.port, protocol: 'http' });
 *
 * await stripe.paymentIntents.create({ amount: 1200, currency: 'usd', confirm: true, payment_method: 'pm_card_visa', allowed_payment_method_types: ['card'] });
 * expect(vendor.book.total('usd')).toBe(1200);
 *
 * await vendor.close();
 * ```
 */
export class StripeVendor {
  /** What the vendor received and executed. */
  readonly book: StripeBook;

  readonly #server: Server;
  readonly #secretKey: string;
  readonly #script = new StripeScript();
  /** The responses a fault keeps waiting. */
  readonly #waiting = new Set<ServerResponse>();
  readonly #keep: number;
  #account: StripeAccount;
  #idempotencyKeys: IdempotencyKeys;
  #sequence = 0;
  #port = 0;
  #closed: Promise<void> | undefined;

  /** Use {@link createStripeVendor}, which also listens. */
  constructor(options: Omit<StripeVendorOptions, 'port'> = {}) {
    this.#secretKey = options.secretKey ?? DEFAULT_SECRET_KEY;
    if (!/^[\x21-\x7e]+$/.test(this.#secretKey)) {
      throw new TypeError('secretKey must be printable ASCII without spaces, and not empty.');
    }
    this.#keep = options.keep ?? DEFAULT_KEEP;
    if (!(this.#keep >= 1)) throw new RangeError('keep must be a number of calls, 1 or more.');
    this.book = new StripeBook(this.#keep);
    this.#account = new StripeAccount(this.#keep);
    this.#idempotencyKeys = new IdempotencyKeys(this.#keep);
    this.#server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) =>
      this.#onRequest(request, response),
    );
  }

  /** `http://127.0.0.1:<port>`, without a path. */
  get url(): string {
    return `http://${HOST}:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  /** The secret key that calls must come with. Shown by no `inspect`, JSON or error. */
  get secretKey(): string {
    return this.#secretKey;
  }

  /**
   * How many calls, movements, idempotency keys and objects it holds in memory.
   *
   * @internal
   */
  get size(): number {
    const { entries, executed } = this.book;
    return entries.length + executed.length + this.#idempotencyKeys.size + this.#account.size;
  }

  /** The received calls that match, oldest first: `vendor.calls('POST /v1/refunds')`. */
  calls(match: StripeCallMatch = '*'): readonly StripeCall[] {
    return this.book.entries.filter(compileMatch(match));
  }

  /**
   * Does the next calls that match wrong, in the way the fault says. Of several scripts that match a
   * call the one scripted first takes it.
   *
   * @param options.times how many calls, `Infinity` for all to come; 1 by default
   * @throws {TypeError | RangeError} for a fault or a pattern that says nothing
   * @example
   * ```ts
   * vendor.next('POST /v1/payment_intents', { decline: 'insufficient_funds' });
   * vendor.next('POST /v1/payment_intents/*', { status: 429, headers: { 'Retry-After': '1' } }, { times: 2 });
   * vendor.next('*', { reset: 'after' }); // executes, then the connection breaks
   * vendor.next('POST /v1/refunds', { status: 502, at: 'after' }); // executes, then a gateway fails
   * vendor.next('GET /v1/charges', { stream: { bytes: 100 * 1024 * 1024 } });
   * ```
   */
  next(
    match: StripeCallMatch,
    fault: StripeFault,
    options: { times?: number } = {},
  ): ScriptedCalls {
    assertFault(fault);
    return this.#script.add(match, fault, options.times ?? 1);
  }

  /**
   * Holds the next calls that match until they are released, and then answers them as usual.
   * Held `'after'`, a call has executed and only its answer waits; held `'before'`, it executes at its
   * release, and a second call under its `Idempotency-Key` gets Stripe's 409 meanwhile.
   *
   * @param options.times how many calls; 1 by default
   * @param options.at `'after'` by default
   * @example
   * ```ts
   * const held = vendor.hold('POST /v1/payment_intents');
   * const answer = stripe.paymentIntents.create({ amount: 1200, currency: 'usd' });
   * await held.arrived;
   * // … the call is in flight
   * held.release();
   * await answer;
   * ```
   */
  hold(
    match: StripeCallMatch = '*',
    options: { times?: number; at?: FaultMoment } = {},
  ): HeldCalls {
    return this.#script.add(match, { hold: options.at ?? 'after' }, options.times ?? 1);
  }

  /** Forgets every object, key, call and script, and breaks what is in flight. Goes on listening. */
  reset(): void {
    this.#script.clear('The vendor was reset before the calls arrived.');
    for (const response of this.#waiting) response.destroy();
    this.#waiting.clear();
    this.#account = new StripeAccount(this.#keep);
    this.#idempotencyKeys = new IdempotencyKeys(this.#keep);
    this.#sequence = 0;
    this.book.clear();
  }

  /** Stops listening and ends every connection at once. May be called again. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#script.clear('The vendor was closed before the calls arrived.');
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
    return this.#closed;
  }

  /** @internal */
  listen(port: number): Promise<this> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, HOST, () => {
        this.#server.off('error', reject);
        this.#port = (this.#server.address() as AddressInfo).port;
        resolve(this);
      });
    });
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    if (isOfWebPage(request)) {
      request.resume();
      response.writeHead(403, { 'content-type': 'text/plain' }).end('This Stripe serves no page.');
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      this.#sequence += 1;
      const received = receivedCall(request, response, body, this.#sequence);
      this.book.open(received.call);
      const turn = this.#script.take(received.call);
      if (turn === undefined) {
        send(received, this.#execute(received, this.#admit(received)));
        return;
      }
      this.#waiting.add(response);
      void this.#play(received, turn)
        .catch((error: unknown) => send(received, answerTo(error)))
        .finally(() => this.#waiting.delete(response));
    });
  }

  /** Everything Stripe does before an endpoint starts to execute: what fails here is stored under no key. */
  #admit(received: ReceivedCall): Admission {
    const { call } = received;
    try {
      authenticate(received, this.#secretKey);
      const { endpoint, id } = findEndpoint(call.method, call.path);
      if (received.malformed !== undefined) throw received.malformed;
      const key = idempotencyKeyOf(call);
      if (key !== undefined) {
        const stored = this.#idempotencyKeys.recall(key, call.path, call.params);
        if (stored !== undefined) return { answer: stored };
      }
      const prepared = endpoint.prepare(call.params);
      if (key !== undefined) {
        this.#idempotencyKeys.begin(key, call.path, call.params, call.requestId);
      }
      return { prepared, id };
    } catch (error) {
      return { answer: answerTo(error) };
    }
  }

  #execute({ call, request }: ReceivedCall, admission: Admission, decline?: string): StripeAnswer {
    if ('answer' in admission) {
      call.replayed = admission.answer.replayOf !== undefined;
      return admission.answer;
    }
    const { prepared, id } = admission;
    const account = this.#account;
    call.executed = true;
    let answer: StripeAnswer;
    try {
      const shown = prepared.execute({
        account,
        apiVersion: apiVersionOf(request),
        id,
        decline,
        move: (movement) =>
          this.book.record({
            ...movement,
            idempotencyKey: call.idempotencyKey,
            call: call.sequence,
          }),
      });
      answer = { status: 200, body: JSON.stringify(expand(account, shown, prepared.expand)) };
    } catch (error) {
      answer = answerTo(error);
    }
    const key = idempotencyKeyOf(call);
    if (key !== undefined) this.#idempotencyKeys.save(key, answer);
    return answer;
  }

  async #play(received: ReceivedCall, turn: ScriptedTurn): Promise<void> {
    const { call, response } = received;
    const { fault } = turn;
    const account = this.#account;
    // A call that waited through a reset belongs to an account that is gone, and so is its connection.
    const isStale = () => this.#account !== account;
    const delayMs = 'delayMs' in fault ? (fault.delayMs ?? 0) : 0;

    if ('status' in fault && fault.at !== 'after') {
      if (delayMs > 0) await delay(delayMs, undefined, { ref: false });
      if (isStale()) return;
      const answer = scriptedAnswer(fault, call);
      if (isSaved(fault, call)) this.#saveInstead(call, this.#admit(received), answer);
      send(received, answer);
      turn.arrive();
      return;
    }

    const admission = this.#admit(received);
    if (delayMs > 0) await delay(delayMs, undefined, { ref: false });
    if (isStale()) return;

    const strikesBefore =
      ('hold' in fault && fault.hold === 'before') ||
      ('hang' in fault && fault.hang === 'before') ||
      ('reset' in fault && fault.reset === 'before');
    if (strikesBefore) {
      turn.arrive();
      if ('hold' in fault) {
        await turn.released;
      } else {
        if ('reset' in fault) response.socket?.resetAndDestroy();
        await ended(received);
      }
      if (isStale()) return;
      if (!('hold' in fault)) {
        const key = idempotencyKeyOf(call);
        if (key !== undefined && 'prepared' in admission) this.#idempotencyKeys.abandon(key);
        return;
      }
    }

    const decline = 'decline' in fault ? fault.decline : undefined;
    const answer = this.#execute(received, admission, decline);
    if (!strikesBefore) turn.arrive();

    if ('hold' in fault) {
      if (!strikesBefore) await turn.released;
      if (!isStale()) send(received, answer);
    } else if ('status' in fault) {
      const scripted = scriptedAnswer(fault, call);
      if (isSaved(fault, call)) this.#saveInstead(call, admission, scripted);
      send(received, scripted);
    } else if ('hang' in fault) {
      await ended(received);
    } else if ('reset' in fault) {
      response.socket?.resetAndDestroy();
    } else if ('truncate' in fault) {
      sendHalf(received, answer);
    } else if ('stream' in fault) {
      await sendPadded(received, answer, fault.stream);
    } else {
      send(received, answer);
    }
  }

  #saveInstead(call: StripeCall, admission: Admission, answer: StripeAnswer): void {
    const key = idempotencyKeyOf(call);
    if (key !== undefined && 'prepared' in admission) this.#idempotencyKeys.save(key, answer);
  }
}

type ScriptedTurn = NonNullable<ReturnType<StripeScript['take']>>;

/**
 * Starts an offline Stripe on 127.0.0.1: see {@link StripeVendor} for what it does.
 *
 * @throws where the port is taken, or a header cannot hold the secret key
 */
export async function createStripeVendor(options: StripeVendorOptions = {}): Promise<StripeVendor> {
  return new StripeVendor(options).listen(options.port ?? 0);
}
