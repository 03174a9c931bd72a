import type { StripeAnswer } from './stripe-answer';
import { canonicalForm } from './form-params';
import type { FormParams } from './form-params';
import { LatestMap } from './latest';
import { StripeError } from './stripe-error';

interface KeyedRequest {
  readonly target: string;
  readonly params: FormParams;
  readonly requestId: string;
  answer?: StripeAnswer;
}

const MAX_LENGTH = 255;

/** The requests made under an `Idempotency-Key`, with the answers of those that began to execute. */
export class IdempotencyKeys {
  readonly #requests: Map<string, KeyedRequest>;

  /** @param bound how many are kept, the latest */
  constructor(bound: number) {
    this.#requests = new LatestMap(bound);
  }

  get size(): number {
    return this.#requests.size;
  }

  /**
   * The stored answer, or `undefined` where the key is new.
   *
   * @throws {StripeError} 400 where the key was used for another request, 409 where that one still runs
   */
  recall(key: string, target: string, params: FormParams): StripeAnswer | undefined {
    if (key.length > MAX_LENGTH) {
      throw StripeError.invalid(`Idempotency keys have at most ${MAX_LENGTH} characters.`);
    }
    const known = this.#requests.get(key);
    if (known === undefined) return undefined;
    if (known.target !== target) {
      throw new StripeError(
        400,
        'idempotency_error',
        `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${known.target}'). ` +
          `Try using a key other than '${key}' if you meant to execute a different request.`,
      );
    }
    if (canonicalForm(known.params) !== canonicalForm(params)) {
      throw new StripeError(
        400,
        'idempotency_error',
        'Keys for idempotent requests can only be used with the same parameters they were first used with. ' +
          `Try using a key other than '${key}' if you meant to execute a different request.`,
      );
    }
    if (known.answer === undefined) {
      throw new StripeError(
        409,
        'idempotency_error',
        `There is currently another in-progress request using this Idempotent Key: ${key}. ` +
          'Try again after it has been completed.',
        { code: 'idempotency_key_in_use' },
      );
    }
    return { ...known.answer, replayOf: known.requestId };
  }

  /** From here on the request counts as executing. */
  begin(key: string, target: string, params: FormParams, requestId: string): void {
    this.#requests.set(key, { target, params, requestId });
  }

  /** Stores the answer that a repetition gets; the last one given counts. */
  save(key: string, answer: StripeAnswer): void {
    const request = this.#requests.get(key);
    if (request !== undefined) request.answer = answer;
  }

  /** The request never executed: the key is free again. */
  abandon(key: string): void {
    if (this.#requests.get(key)?.answer === undefined) this.#requests.delete(key);
  }
}
