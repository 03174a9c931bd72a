"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.IdempotencyKeys = void 0;
const form_params_1 = require("./form-params");
const latest_1 = require("./latest");
const stripe_error_1 = require("./stripe-error");
const MAX_LENGTH = 255;
/** The requests made under an `Idempotency-Key`, with the answers of those that began to execute. */
class IdempotencyKeys {
    #requests;
    /** @param bound how many are kept, the latest */
    constructor(bound) {
        this.#requests = new latest_1.LatestMap(bound);
    }
    get size() {
        return this.#requests.size;
    }
    /**
     * The stored answer, or `undefined` where the key is new.
     *
     * @throws {StripeError} 400 where the key was used for another request, 409 where that one still runs
     */
    recall(key, target, params) {
        if (key.length > MAX_LENGTH) {
            throw stripe_error_1.StripeError.invalid(`Idempotency keys have at most ${MAX_LENGTH} characters.`);
        }
        const known = this.#requests.get(key);
        if (known === undefined)
            return undefined;
        if (known.target !== target) {
            throw new stripe_error_1.StripeError(400, 'idempotency_error', `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${known.target}'). ` +
                `Try using a key other than '${key}' if you meant to execute a different request.`);
        }
        if ((0, form_params_1.canonicalForm)(known.params) !== (0, form_params_1.canonicalForm)(params)) {
            throw new stripe_error_1.StripeError(400, 'idempotency_error', 'Keys for idempotent requests can only be used with the same parameters they were first used with. ' +
                `Try using a key other than '${key}' if you meant to execute a different request.`);
        }
        if (known.answer === undefined) {
            throw new stripe_error_1.StripeError(409, 'idempotency_error', `There is currently another in-progress request using this Idempotent Key: ${key}. ` +
                'Try again after it has been completed.', { code: 'idempotency_key_in_use' });
        }
        return { ...known.answer, replayOf: known.requestId };
    }
    /** From here on the request counts as executing. */
    begin(key, target, params, requestId) {
        this.#requests.set(key, { target, params, requestId });
    }
    /** Stores the answer that a repetition gets; the last one given stands. */
    save(key, answer) {
        const request = this.#requests.get(key);
        if (request !== undefined)
            request.answer = answer;
    }
    /** The request never executed: the key is free again. */
    abandon(key) {
        if (this.#requests.get(key)?.answer === undefined)
            this.#requests.delete(key);
    }
}
exports.IdempotencyKeys = IdempotencyKeys;
