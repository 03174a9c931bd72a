"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.StripeBook = void 0;
const latest_1 = require("./latest");
const MOVES_MONEY = ['capture', 'charge', 'payout', 'refund'];
/**
 * What the vendor received and what it executed: the other side's book, to hold against your own. It
 * keeps the latest calls and movements, as many as {@link StripeVendorOptions.keep} says; totals
 * count all.
 */
class StripeBook {
    #entries;
    #executed;
    #totals = new Map();
    /** @internal */
    constructor(bound) {
        this.#entries = new latest_1.LatestItems(bound);
        this.#executed = new latest_1.LatestItems(bound);
    }
    /** The calls received, oldest first. */
    get entries() {
        return this.#entries.all;
    }
    /** The movements of money executed, oldest first. Declines and replays are not among them. */
    get executed() {
        return this.#executed.all;
    }
    /** How many calls and movements it no longer has, since later ones took their room. */
    get forgotten() {
        return this.#entries.forgotten + this.#executed.forgotten;
    }
    /**
     * The money moved in one currency, in its minor unit. Refunds and payouts add up with charges, as
     * money that left somebody's account; authorizations count only once they are captured.
     *
     * @param kinds counts these kinds only
     * @example
     * ```ts
     * expect(vendor.book.total('usd')).toBe(37 * 1000);
     * expect(vendor.book.total('usd', 'authorization')).toBe(0);
     * ```
     */
    total(currency, ...kinds) {
        const counted = kinds.length === 0 ? MOVES_MONEY : kinds;
        const code = currency.toLowerCase();
        let sum = 0;
        for (const kind of new Set(counted))
            sum += this.#totals.get(`${code} ${kind}`) ?? 0;
        return sum;
    }
    /** Empties the book and leaves the vendor's objects as they are. */
    clear() {
        this.#entries.clear();
        this.#executed.clear();
        this.#totals.clear();
    }
    /** @internal */
    open(call) {
        this.#entries.add(call);
    }
    /** @internal */
    record(movement) {
        this.#executed.add(movement);
        const account = `${movement.currency} ${movement.kind}`;
        this.#totals.set(account, (this.#totals.get(account) ?? 0) + movement.amount);
    }
}
exports.StripeBook = StripeBook;
