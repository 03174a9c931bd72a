import type { StripeCall } from './stripe-book';

/**
 * Which calls are meant: `[METHOD ]/path`, where `*` matches one whole segment
 * (`'POST /v1/payment_intents/*'`), `'*'` for every call, or a function that looks at the call.
 */
export type StripeCallMatch = string | ((call: StripeCall) => boolean);

/** When a fault strikes: before the endpoint ran, or after, when the money has moved. */
export type FaultMoment = 'after' | 'before';

interface Delayed {
  /** Milliseconds to wait before anything else happens. */
  delayMs?: number;
}

/** The answer is this one, whatever the call asked for. */
export interface AnswerFault extends Delayed {
  /** 200 … 599. */
  status: number;
  /**
   * A string or bytes are sent as they are, anything else as JSON.
   *
   * @default an error in Stripe's shape that fits the status
   */
  body?: unknown;
  /** Sent beside and in place of the usual ones: `{ 'Retry-After': '1' }`. */
  headers?: Readonly<Record<string, string>>;
  /** @default 'before' */
  at?: FaultMoment;
  /**
   * Whether this answer is stored under the call's `Idempotency-Key`, so that a retry with the key
   * gets it again. Stripe does so with its 500s; answers of what is before its endpoints (401,
   * 429, 502, 503) are never stored. Pass `false` for a 500 that a retry overcomes.
   *
   * @default status === 500
   */
  saved?: boolean;
}

/** No answer ever comes; the connection stays open until the client or `close()` ends it. */
export interface HangFault extends Delayed {
  /** `true` is `'after'`. */
  hang: FaultMoment | true;
}

/** The connection is reset. */
export interface ResetFault extends Delayed {
  reset: FaultMoment;
}

/** The call executes; its answer has a whole head, and half of the body that the head announces. */
export interface TruncateFault extends Delayed {
  truncate: true;
}

/** The issuer declines, whatever the card; calls that ask no issuer go on as usual. */
export interface DeclineFault extends Delayed {
  /** Stripe's decline code: `insufficient_funds`, `expired_card`, … */
  decline: string;
}

/**
 * The call executes; its answer is padded to a size, and made while it is read: an unread
 * 100 MiB answer costs no memory here. An unknown path is answered with a 200.
 */
export interface StreamFault extends Delayed {
  stream: {
    /** The size of the body; never less than the answer itself. */
    bytes: number;
    /** @default 65536 */
    chunkBytes?: number;
  };
}

/** Only late, otherwise as usual. */
export interface DelayFault {
  delayMs: number;
}

/** What goes wrong with a call. */
export type StripeFault =
  AnswerFault | DeclineFault | DelayFault | HangFault | ResetFault | StreamFault | TruncateFault;

/** A fault that waits for its calls. */
export interface ScriptedCalls {
  /** The calls it has met so far, oldest first. */
  readonly calls: readonly StripeCall[];
  /**
   * Resolves with these calls once all of them have arrived (with `times: Infinity`: the first).
   * Rejects where the vendor is reset or closed, or the script cancelled, before that.
   */
  readonly arrived: Promise<readonly StripeCall[]>;
  /** Lets later calls pass untouched. */
  cancel(): void;
}

/** Calls that get their answer when the test says so. */
export interface HeldCalls extends ScriptedCalls {
  /** Releases every call held now, and holds none later. */
  release(): void;
}

const PATTERN = /^(?:(?<method>[A-Z]+) )?(?<path>\*|\/\S*)$/;

/** @throws {TypeError} where a pattern is not of the form {@link StripeCallMatch} names */
export function compileMatch(match: StripeCallMatch): (call: StripeCall) => boolean {
  if (typeof match === 'function') return match;
  const pattern = PATTERN.exec(match)?.groups;
  if (pattern === undefined) {
    throw new TypeError(
      `"${match}" matches no call: write "[METHOD ]/path" ("POST /v1/payment_intents/*"), "*" for every call, or a function.`,
    );
  }
  const { method, path } = pattern;
  const segments = path === '*' ? undefined : path!.split('/');
  return (call) => {
    if (method !== undefined && call.method !== method) return false;
    if (segments === undefined) return true;
    const actual = call.path.split('/');
    return (
      actual.length === segments.length &&
      segments.every((segment, index) => segment === '*' || segment === actual[index])
    );
  };
}

/** What the vendor does with one call: the fault, and for a held call the promise of its release. */
export interface Turn {
  readonly fault: StripeFault | { hold: FaultMoment };
  readonly released: Promise<void>;
}

class ScriptEntry implements HeldCalls {
  readonly arrived: Promise<readonly StripeCall[]>;
  readonly turn: Turn;
  readonly #matches: (call: StripeCall) => boolean;
  readonly #calls: StripeCall[] = [];
  #left: number;
  #arrivals = 0;
  #resolveArrived!: (calls: readonly StripeCall[]) => void;
  #rejectArrived!: (reason: Error) => void;
  #release!: () => void;

  constructor(
    match: StripeCallMatch,
    fault: Turn['fault'],
    private readonly times: number,
  ) {
    if (times !== Infinity && (!Number.isInteger(times) || times < 1)) {
      throw new RangeError(`times must be a positive integer or Infinity, not ${times}.`);
    }
    this.#matches = compileMatch(match);
    this.#left = times;
    this.arrived = new Promise((resolve, reject) => {
      this.#resolveArrived = resolve;
      this.#rejectArrived = reject;
    });
    // A test may not wait for the arrival, and then does not handle its failure either.
    this.arrived.catch(() => undefined);
    const released = new Promise<void>((resolve) => (this.#release = resolve));
    this.turn = { fault, released };
  }

  get calls(): readonly StripeCall[] {
    return this.#calls;
  }

  get isOver(): boolean {
    return this.#left === 0;
  }

  takes(call: StripeCall): boolean {
    if (this.#left === 0 || !this.#matches(call)) return false;
    this.#left -= 1;
    this.#calls.push(call);
    return true;
  }

  /** Told only once the call has reached the point where the fault strikes. */
  noteArrival(): void {
    this.#arrivals += 1;
    if (this.times === Infinity || this.#arrivals === this.times) this.#resolveArrived(this.#calls);
  }

  release(): void {
    this.#left = 0;
    this.#release();
    this.#rejectArrived(new Error('The calls were released before all of them arrived.'));
  }

  cancel(reason = 'The script was cancelled before its calls arrived.'): void {
    this.#left = 0;
    this.#rejectArrived(new Error(reason));
  }
}

const FAULTS = ['status', 'hang', 'reset', 'truncate', 'decline', 'stream', 'delayMs'] as const;

/** @throws {TypeError | RangeError} naming what is wrong, so that a misspelt fault is no silent success */
export function assertFault(fault: StripeFault): void {
  if (!FAULTS.some((name) => name in fault)) {
    throw new TypeError(`A fault has one of: ${FAULTS.join(', ')}.`);
  }
  if ('status' in fault) assertInteger('status', fault.status, 200, 599);
  if ('stream' in fault) {
    assertInteger('stream.bytes', fault.stream.bytes, 0);
    assertInteger('stream.chunkBytes', fault.stream.chunkBytes ?? 1, 1);
  }
  if (fault.delayMs !== undefined) assertInteger('delayMs', fault.delayMs, 0);
  for (const moment of ['hang' in fault && fault.hang, 'reset' in fault && fault.reset]) {
    if (typeof moment === 'string' && moment !== 'before' && moment !== 'after') {
      throw new TypeError(`hang and reset strike "before" or "after" the call executes.`);
    }
  }
}

function assertInteger(name: string, value: number, min: number, max = Infinity): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(
      `${name} must be an integer ${max === Infinity ? `of at least ${min}` : `from ${min} to ${max}`}, not ${value}.`,
    );
  }
}

/** The faults to come. Of several that match a call the one scripted first takes it. */
export class StripeScript {
  #entries: ScriptEntry[] = [];

  add(match: StripeCallMatch, fault: Turn['fault'], times: number): HeldCalls {
    const entry = new ScriptEntry(match, fault, times);
    this.#entries.push(entry);
    return entry;
  }

  take(call: StripeCall): (Turn & { arrive(): void }) | undefined {
    if (this.#entries.length === 0) return undefined;
    this.#entries = this.#entries.filter((each) => !each.isOver);
    const entry = this.#entries.find((each) => each.takes(call));
    if (entry === undefined) return undefined;
    return { ...entry.turn, arrive: () => entry.noteArrival() };
  }

  clear(reason: string): void {
    for (const entry of this.#entries) entry.cancel(reason);
    this.#entries = [];
  }
}
