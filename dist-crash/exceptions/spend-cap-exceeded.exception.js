"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.SpendCapExceededException = void 0;
const common_1 = require("@nestjs/common");
const known_details_1 = require("./known-details");
const usd_text_1 = require("./usd-text");
const vault_key_exception_1 = require("./vault-key.exception");
/**
 * The call would have passed a spend cap, so it was not sent to the vendor. Answered as 402
 * `spend_cap_exceeded`; the same call will be refused again.
 */
class SpendCapExceededException extends vault_key_exception_1.VaultKeyException {
    /** Whose cap it is: `key`, `parent`, or a budget's `tenant`, `user`, `run`, `tool`, `vendor`. */
    scope;
    /** USD; absent where the broker did not say. */
    cap;
    /** USD; absent where the broker did not say. */
    spent;
    /** USD; absent where the broker did not say. */
    remaining;
    /** When a budget starts afresh: ISO 8601, UTC. */
    resetsAt;
    constructor(init = {}) {
        const scope = init.scope ?? 'key';
        super({
            code: 'spend_cap_exceeded',
            message: messageOf(scope, init),
            status: common_1.HttpStatus.PAYMENT_REQUIRED,
            retryable: false,
            details: (0, known_details_1.knownDetails)({
                scope,
                cap: init.cap,
                spent: init.spent,
                held: init.held,
                requested: init.requested,
                remaining: init.remaining,
                resetsAt: init.resetsAt,
            }),
        });
        this.scope = scope;
        this.cap = init.cap;
        this.spent = init.spent;
        this.remaining = init.remaining;
        this.resetsAt = init.resetsAt;
    }
}
exports.SpendCapExceededException = SpendCapExceededException;
function messageOf(scope, init) {
    const owner = scope === 'key' ? 'of this run' : `of this ${scope}`;
    const known = [
        init.spent === undefined ? undefined : `${(0, usd_text_1.usdText)(init.spent)} is spent`,
        init.held === undefined || init.held === 0
            ? undefined
            : `${(0, usd_text_1.usdText)(init.held)} is reserved by calls in flight`,
        init.remaining === undefined ? undefined : `${(0, usd_text_1.usdText)(init.remaining)} is left`,
        init.requested === undefined ? undefined : `this call asks for ${(0, usd_text_1.usdText)(init.requested)}`,
    ].filter((part) => part !== undefined);
    const cap = init.cap === undefined ? '' : ` of ${(0, usd_text_1.usdText)(init.cap)}`;
    const sums = known.length === 0 ? '' : ` (${known.join(', ')})`;
    const next = init.resetsAt === undefined
        ? 'ask a person before spending more'
        : `wait until ${init.resetsAt}, or ask a person before spending more`;
    return `The spend cap${cap} ${owner} does not allow this call${sums}. Nothing was sent to the vendor. Do not repeat the call: ${next}.`;
}
