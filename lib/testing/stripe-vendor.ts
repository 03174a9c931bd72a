import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { AccountActions } from './stripe/account-actions';
import { CallDesk } from './stripe/call-desk';
import type { Execution } from './stripe/endpoint';
import { newId } from './stripe/new-id';
import type { StripePermissions } from './stripe/permissions';
import { isOfWebPage, receivedCall } from './stripe/received-call';
import type { Caller } from './stripe/received-call';
import { answerTo } from './stripe/scripted-answer';
import { send } from './stripe/send-answer';
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
import { StripeVendorAccount } from './stripe/vendor-account';

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

/**
 * A Stripe with no network and no account, over HTTP on 127.0.0.1, as Stripe's API v1 is: payments, charges, refunds,
 * customers, payment methods and payouts; products, prices, tax rates, coupons and shipping rates; Checkout and payment
 * links; subscriptions, invoices, invoice items, credit notes and quotes, whose totals it computes exactly. Test cards,
 * `Idempotency-Key` and Stripe's own errors are there too; everything else is Stripe's 404. It keeps a
 * {@link StripeBook} of what it executed, and does wrong what a spec tells it to.
 *
 * Not modelled: balances (a payout never fails for lack of funds), minimum amounts, fees, disputes, webhooks,
 * subscription schedules, retries of invoices that were declined.
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
export class StripeVendor extends AccountActions {
  /** What the vendor received and executed, in all of its accounts. */
  readonly book: StripeBook;

  readonly #server: Server;
  readonly #secretKey: string;
  readonly #script = new StripeScript();
  /** The responses a fault keeps waiting. */
  readonly #waiting = new Set<ServerResponse>();
  readonly #callers = new Map<string, Caller>();
  readonly #desk = new CallDesk(this.#callers);
  readonly #accounts: StripeVendorAccount[] = [];
  readonly #main: StripeVendorAccount;
  readonly #keep: number;
  #epoch = 0;
  #sequence = 0;
  #port = 0;
  #closed: Promise<void> | undefined;

  /** Use {@link createStripeVendor}, which also listens. */
  constructor(options: Omit<StripeVendorOptions, 'port'> = {}) {
    super();
    this.#secretKey = options.secretKey ?? DEFAULT_SECRET_KEY;
    this.#keep = options.keep ?? DEFAULT_KEEP;
    if (!(this.#keep >= 1)) throw new RangeError('keep must be a number of calls, 1 or more.');
    this.book = new StripeBook(this.#keep);
    this.#main = this.addAccount(this.#secretKey);
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
    const accounts = this.#accounts.reduce((sum, { size }) => sum + size, 0);
    return entries.length + executed.length + accounts;
  }

  /** The account behind {@link secretKey}. */
  get account(): StripeVendorAccount {
    return this.#main;
  }

  /**
   * Opens another account, behind a secret of its own. What is in it no other account sees.
   *
   * @param secretKey printable ASCII: `'sk_test_acme'`
   * @throws {TypeError} where the secret cannot be one, or an account has it
   */
  addAccount(secretKey: string): StripeVendorAccount {
    const account = new StripeVendorAccount(newId('acct_'), {
      keep: this.#keep,
      record: (movement) => this.book.record(movement),
      admit: (secret, of, permissions) => this.#admit(secret, of, permissions),
    });
    this.#admit(secretKey, account, undefined);
    this.#accounts.push(account);
    return account;
  }

  /** Makes a restricted key of the account behind {@link secretKey}: see {@link StripeVendorAccount.restrictedKey}. */
  restrictedKey(permissions: StripePermissions): string {
    return this.#main.restrictedKey(permissions);
  }

  /** Connects an account to the one behind {@link secretKey}: see {@link StripeVendorAccount.connect}. */
  connect(id?: string): StripeVendorAccount {
    return this.#main.connect(id);
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
    for (const account of this.#accounts) account.reset();
    this.#epoch += 1;
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

  /** @internal */
  protected override act(): Execution {
    return this.#main.execution();
  }

  #admit(secretKey: string, account: StripeVendorAccount, permissions?: StripePermissions): void {
    if (!/^[\x21-\x7e]+$/.test(secretKey)) {
      throw new TypeError('secretKey must be printable ASCII without spaces, and not empty.');
    }
    if (this.#callers.has(secretKey)) throw new TypeError('An account has this secretKey already.');
    this.#callers.set(secretKey, { account, permissions });
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
        this.#desk.answer(received);
        return;
      }
      this.#waiting.add(response);
      const epoch = this.#epoch;
      void this.#desk
        .play(received, turn, () => this.#epoch !== epoch)
        .catch((error: unknown) => send(received, answerTo(error)))
        .finally(() => this.#waiting.delete(response));
    });
  }
}

/**
 * Starts an offline Stripe on 127.0.0.1: see {@link StripeVendor} for what it does.
 *
 * @throws where the port is taken, or a header cannot hold the secret key
 */
export async function createStripeVendor(options: StripeVendorOptions = {}): Promise<StripeVendor> {
  return new StripeVendor(options).listen(options.port ?? 0);
}
