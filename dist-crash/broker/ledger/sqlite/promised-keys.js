"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.PromisedKeys = void 0;
const key_1 = require("../../keys/key");
/** Keys that work already and are written with the next transaction, or the first that passes. */
class PromisedKeys {
    #byId = new Map();
    #byTokenHash = new Map();
    add(key, remoteAddress) {
        const promised = { key, remoteAddress, isWritten: false };
        this.#byId.set(key.id, promised);
        this.#byTokenHash.set(key.tokenHash, promised);
    }
    get(id) {
        return this.#byId.get(id)?.key;
    }
    byTokenHash(hash) {
        return this.#byTokenHash.get(hash)?.key;
    }
    /**
     * What has to be written before a key can be charged: it and every key above it, parents first.
     * They count as written from here on, unless the transaction is rolled back.
     */
    take(id) {
        const path = [];
        for (let next = id; next !== undefined;) {
            const promised = this.#byId.get(next);
            // A key is never written before those above it.
            if (promised === undefined || promised.isWritten)
                break;
            path.unshift(promised);
            next = promised.key.parentId;
        }
        for (const promised of path)
            promised.isWritten = true;
        return path;
    }
    /** Live keys that no table has yet. */
    live(now) {
        return [...this.#byId.values()]
            .filter(({ key, isWritten }) => !isWritten && (0, key_1.isLive)(key, now))
            .map(({ key }) => key);
    }
    committed() {
        for (const { key, isWritten } of this.#byId.values()) {
            if (!isWritten)
                continue;
            this.#byId.delete(key.id);
            this.#byTokenHash.delete(key.tokenHash);
        }
    }
    rolledBack() {
        for (const promised of this.#byId.values())
            promised.isWritten = false;
    }
}
exports.PromisedKeys = PromisedKeys;
