"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.VaultKey = void 0;
const node_util_1 = require("node:util");
/**
 * The short-lived credential one run of an agent's tool works with. The token reaches only code
 * that reads `.token`: `inspect`, `JSON.stringify`, template strings and loggers show it masked.
 */
class VaultKey {
    id;
    vendor;
    label;
    userId;
    runId;
    tenantId;
    expiresAt;
    #token;
    #broker;
    #ended = false;
    #shutDown = false;
    constructor(init) {
        this.id = init.id;
        this.vendor = init.vendor;
        this.label = init.label;
        this.userId = init.userId;
        this.runId = init.runId;
        if (init.tenantId !== undefined)
            this.tenantId = init.tenantId;
        this.expiresAt = init.expiresAt;
        this.#token = init.token;
        this.#broker = init.broker;
    }
    /** The secret itself, for an `Authorization: Bearer` header to the broker's proxy and nothing else. */
    get token() {
        return this.#token;
    }
    /** `vault_key_…` and the last four characters: enough to tell two keys apart, not enough to use one. */
    get maskedToken() {
        return `vault_key_…${this.#token.slice(-4)}`;
    }
    /** The broker that issued the key, the only one that knows it. */
    get broker() {
        return this.#broker;
    }
    /** True once the run is over; a key that has ended serves no further call. */
    get ended() {
        return this.#ended;
    }
    /** True where the key was ended under its run, which the shutdown of the application cut off. */
    get shutDown() {
        return this.#shutDown;
    }
    /**
     * Marks the key as over: it serves no further call here. The broker is told when the run ends.
     *
     * @param shutDown Whether its run is cut off by the shutdown of the application.
     */
    end(shutDown = false) {
        if (this.#ended)
            return;
        this.#ended = true;
        this.#shutDown = shutDown;
    }
    toJSON() {
        return { ...this, token: this.maskedToken };
    }
    toString() {
        return `VaultKey ${this.id} (${this.maskedToken})`;
    }
    [node_util_1.inspect.custom]() {
        return `VaultKey ${(0, node_util_1.inspect)(this.toJSON())}`;
    }
}
exports.VaultKey = VaultKey;
