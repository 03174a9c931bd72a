"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Shelf = void 0;
const latest_1 = require("./latest");
const stripe_error_1 = require("./stripe-error");
/** The latest objects of one kind, in the order they came; found by id at once, listed newest first. */
class Shelf {
    what;
    #items;
    /** Positions count those that were forgotten too. */
    #positions;
    /**
     * @param what the kind as error messages call it: `payment_intent`
     * @param bound how many are kept
     */
    constructor(what, bound) {
        this.what = what;
        this.#items = new latest_1.LatestItems(bound);
        this.#positions = new latest_1.LatestMap(bound);
    }
    get size() {
        return this.#items.all.length;
    }
    add(item) {
        this.#positions.set(item.id, this.#items.forgotten + this.size);
        this.#items.add(item);
        return item;
    }
    find(id) {
        const position = this.#positions.get(id);
        return position === undefined ? undefined : this.#at(position);
    }
    /** @throws {StripeError} 404 where a path names nothing, 400 where a parameter does */
    get(id, param, status = 404) {
        const item = this.find(id);
        if (item === undefined)
            throw stripe_error_1.StripeError.missing(this.what, id, param, status);
        return item;
    }
    list(page, matches) {
        const limit = page.limit ?? 10;
        const step = page.endingBefore === undefined ? -1 : 1;
        let position = this.#items.forgotten + this.size - 1;
        if (page.endingBefore !== undefined) {
            position = this.#positionOf(page.endingBefore, 'ending_before') + 1;
        }
        else if (page.startingAfter !== undefined) {
            position = this.#positionOf(page.startingAfter, 'starting_after') - 1;
        }
        const data = [];
        for (let item = this.#at(position); item !== undefined; item = this.#at(position)) {
            if (matches(item)) {
                if (data.length === limit)
                    return { data: step === 1 ? data.reverse() : data, has_more: true };
                data.push(item);
            }
            position += step;
        }
        return { data: step === 1 ? data.reverse() : data, has_more: false };
    }
    #at(position) {
        return this.#items.all[position - this.#items.forgotten];
    }
    #positionOf(id, param) {
        const position = this.#positions.get(id);
        if (position === undefined)
            throw stripe_error_1.StripeError.missing(this.what, id, param, 400);
        return position;
    }
}
exports.Shelf = Shelf;
