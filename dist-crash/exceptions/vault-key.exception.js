"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.VaultKeyException = void 0;
const common_1 = require("@nestjs/common");
const exception_behind_1 = require("./exception-behind");
/**
 * Base of everything this package throws. Extends `HttpException`, so that it answers well with no
 * filter at all; `code` and `retryable` are what an agent needs to decide what to do next.
 */
class VaultKeyException extends common_1.HttpException {
    /** Machine-readable, stable: the `error` field of the answer. */
    code;
    /** Whether the same call may be tried again as it is. */
    retryable;
    /** What else the answer says: caps in USD, instants as ISO 8601 in UTC. */
    details;
    constructor(init) {
        const details = init.details ?? {};
        const verdict = { error: init.code, message: init.message, retryable: init.retryable };
        // Said first, and last, so that no detail takes its place.
        const body = { ...verdict, ...details, ...verdict };
        super(body, init.status, init.cause === undefined ? undefined : { cause: init.cause });
        this.message = init.message;
        this.name = new.target.name;
        this.code = init.code;
        this.retryable = init.retryable;
        this.details = details;
    }
    /**
     * What an error means, in a `catch`: itself where it is one of this package's exceptions; for an
     * error of the `stripe` client that `@InjectStripe()` gives the exception it leaves the run as; for
     * the unrecoverable error of a job the exception that is its `cause`.
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
    static from(error) {
        return error instanceof VaultKeyException ? error : (0, exception_behind_1.exceptionBehind)(error);
    }
    /**
     * What GraphQL shows of an error beside its message: the body, with `code` in the place of `error`.
     */
    get extensions() {
        const { error: code, message: _message, ...rest } = this.getResponse();
        return { ...rest, code };
    }
    /** The body a caller sees. */
    getResponse() {
        return super.getResponse();
    }
}
exports.VaultKeyException = VaultKeyException;
