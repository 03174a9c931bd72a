import { HttpException } from '@nestjs/common';
import { exceptionBehind } from './exception-behind';
import type { VaultKeyExceptionCode } from './exception-code';

/**
 * Everything an answer to a caller may say beside `error`, `message` and `retryable`. JSON values
 * only.
 */
export type VaultKeyExceptionDetails = Readonly<Record<string, unknown>>;

/** The body of the answer every exception of this package renders to. */
export interface VaultKeyExceptionBody {
  error: VaultKeyExceptionCode;
  message: string;
  retryable: boolean;
  [detail: string]: unknown;
}

/**
 * Base of everything this package throws. Extends `HttpException`, so that it answers well with no
 * filter at all; `code` and `retryable` are what an agent needs to decide what to do next.
 */
export abstract class VaultKeyException extends HttpException {
  /** Machine-readable, stable: the `error` field of the answer. */
  readonly code: VaultKeyExceptionCode;
  /** Whether the same call may be tried again as it is. */
  readonly retryable: boolean;
  /** What else the answer says: caps in USD, instants as ISO 8601 in UTC. */
  readonly details: VaultKeyExceptionDetails;

  protected constructor(init: {
    code: VaultKeyExceptionCode;
    message: string;
    status: number;
    retryable: boolean;
    details?: VaultKeyExceptionDetails;
    cause?: unknown;
  }) {
    const details = init.details ?? {};
    const verdict = { error: init.code, message: init.message, retryable: init.retryable };
    // Said first, and last, so that no detail takes its place.
    const body: VaultKeyExceptionBody = { ...verdict, ...details, ...verdict };
    super(body, init.status, init.cause === undefined ? undefined : { cause: init.cause });
    this.message = init.message;
    this.name = new.target.name;
    this.code = init.code;
    this.retryable = init.retryable;
    this.details = details;
  }

  /**
   * What an error means, in a `catch`: itself where it is one of this package's exceptions; for an
   * error of the `stripe` client that `@InjectStripe()` gives the exception it leaves the
   * invocation as; for the unrecoverable error of a job the exception that is its `cause`.
   *
   * @returns `undefined` for every other error.
   * @example
   * ```ts
   * try {
   *   await this.stripe.paymentIntents.create({ amount, currency: 'usd' });
   * } catch (error) {
   *   if (VaultKeyException.from(error)?.retryable === true) return this.later(amount);
   *   throw error;
   * }
   * ```
   */
  static from(error: unknown): VaultKeyException | undefined {
    if (error instanceof VaultKeyException) return error;
    const behind = exceptionBehind(error);
    return behind instanceof VaultKeyException ? behind : undefined;
  }

  /**
   * What GraphQL shows of an error beside its message: the body, with `code` in the place of
   * `error`.
   */
  get extensions(): Record<string, unknown> {
    const { error: code, message: _message, ...rest } = this.getResponse();
    return { ...rest, code };
  }

  /** The body a caller sees. */
  override getResponse(): VaultKeyExceptionBody {
    return super.getResponse() as VaultKeyExceptionBody;
  }
}
