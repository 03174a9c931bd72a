"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.LatestItems = exports.LatestMap = void 0;
/** As many of the latest as its bound says, in the order they came: what is older makes room. */
class LatestMap extends Map {
    #bound;
    constructor(bound) {
        super();
        this.#bound = bound;
    }
    set(key, value) {
        super.set(key, value);
        if (this.size > this.#bound) {
            const oldest = this.keys().next();
            if (oldest.done !== true)
                this.delete(oldest.value);
        }
        return this;
    }
}
exports.LatestMap = LatestMap;
/** As {@link LatestMap}, of items that have no key. */
class LatestItems {
    #items = [];
    #bound;
    #forgotten = 0;
    constructor(bound) {
        this.#bound = bound;
    }
    /** Oldest first. */
    get all() {
        return this.#items;
    }
    /** How many made room for later ones. */
    get forgotten() {
        return this.#forgotten;
    }
    add(item) {
        this.#items.push(item);
        if (this.#items.length <= this.#bound)
            return;
        this.#items.shift();
        this.#forgotten += 1;
    }
    clear() {
        this.#items.length = 0;
        this.#forgotten = 0;
    }
}
exports.LatestItems = LatestItems;
