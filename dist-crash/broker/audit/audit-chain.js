"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.AuditWalk = exports.AuditChain = exports.GENESIS = void 0;
const node_crypto_1 = require("node:crypto");
/** The value before the first row. */
exports.GENESIS = { count: 0, mac: '' };
/** Chains rows: each value covers its row, the row's place, and through its predecessor all before. */
class AuditChain {
    #key;
    constructor(key) {
        this.#key = (0, node_crypto_1.createSecretKey)(key, 'utf8');
    }
    /** The chain's value at a row, as it is stored: HMAC-SHA-256 in hex. */
    next(previous, row) {
        return this.#hmac(`row\n${previous}\n${row}`);
    }
    /** What vouches for the head: without it, dropping the last rows would leave a sound chain. */
    seal({ count, mac }) {
        return this.#hmac(`head\n${count}\n${mac}`);
    }
    #hmac(text) {
        return (0, node_crypto_1.createHmac)('sha256', this.#key).update(text).digest('hex');
    }
}
exports.AuditChain = AuditChain;
/** A walk along the chain, row by row; {@link AuditWalk.end} gives the verdict. */
class AuditWalk {
    chain;
    expected;
    #head = exports.GENESIS;
    #fault;
    #passed;
    /** @param expected A head kept elsewhere, which the chain must still pass through. */
    constructor(chain, expected) {
        this.chain = chain;
        this.expected = expected;
        this.#passed = expected === undefined || expected === exports.GENESIS.mac;
    }
    /** Whether the walk may go on. */
    take(seq, row, mac) {
        const { count, mac: previous } = this.#head;
        if (seq !== count + 1) {
            return this.#fail(count + 1, `row ${count + 1} is missing: row ${seq} follows row ${count}`);
        }
        const value = this.chain.next(previous, row);
        if (value !== mac)
            return this.#fail(seq, `row ${seq} is not what was written`);
        if (value === this.expected)
            this.#passed = true;
        this.#head = { count: seq, mac: value };
        return true;
    }
    /** @param stored The head and its seal, as they stand in the store. */
    end(stored) {
        const { count, mac } = this.#head;
        if (this.#fault === undefined) {
            if (this.chain.seal(stored) !== stored.seal) {
                this.#fail(count, 'the head of the log is not what was written');
            }
            else if (stored.count !== count || stored.mac !== mac) {
                this.#fail(count + 1, `the log should have ${stored.count} rows and has ${count}`);
            }
            else if (!this.#passed) {
                this.#fail(count, 'the log does not lead to the given head: rows were replaced or dropped');
            }
        }
        if (this.#fault !== undefined)
            return { ok: false, entries: count, ...this.#fault };
        return { ok: true, entries: count, head: mac };
    }
    #fail(seq, reason) {
        this.#fault = { seq, reason };
        return false;
    }
}
exports.AuditWalk = AuditWalk;
