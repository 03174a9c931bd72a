"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.ConnectionShares = exports.DEFAULT_CONNECTIONS = void 0;
const refusal_1 = require("../refusal");
/** How many connections to a vendor there are unless its settings say otherwise. */
exports.DEFAULT_CONNECTIONS = 256;
/** How long a call waits for a connection before it is refused. */
const MAX_WAIT_MS = 1_000;
/**
 * The connections to one vendor, and who may have how many at once: a key a quarter of them, a user
 * a half. So no one caller has them all, however slow its calls are.
 */
class ConnectionShares {
    connections;
    #perKey;
    #perUser;
    #free;
    #byKey = new Map();
    #byUser = new Map();
    /** In the order in which they came. None of them could have a connection now. */
    #waiting = new Set();
    /** @param maxPerKey What a key may have at most, where that is less than its share. */
    constructor(connections = exports.DEFAULT_CONNECTIONS, maxPerKey = Infinity) {
        this.connections = connections;
        this.#free = connections;
        this.#perKey = Math.max(1, Math.min(maxPerKey, Math.floor(connections / 4)));
        this.#perUser = Math.max(1, Math.floor(connections / 2));
    }
    /**
     * Takes a connection; at once where one is free, else within a second.
     *
     * @throws BrokerRefusal 503 `overloaded`, also by rejecting.
     */
    reserve(caller) {
        if (this.#obstacle(caller) === undefined)
            return this.#take(caller);
        return new Promise((resolve, reject) => {
            const waiting = {
                caller,
                begin: (release) => {
                    clearTimeout(timer);
                    resolve(release);
                },
            };
            const timer = setTimeout(() => {
                this.#waiting.delete(waiting);
                reject(overloaded(this.#obstacle(caller) ?? 'all connections to the vendor are in use'));
            }, MAX_WAIT_MS);
            this.#waiting.add(waiting);
        });
    }
    #take(caller) {
        const { keyId, user } = caller;
        this.#free -= 1;
        change(this.#byKey, keyId, 1);
        change(this.#byUser, user, 1);
        let isTaken = true;
        return () => {
            if (!isTaken)
                return;
            isTaken = false;
            this.#free += 1;
            change(this.#byKey, keyId, -1);
            change(this.#byUser, user, -1);
            this.#passOn();
        };
    }
    /** One connection came back, so at most one of those that wait can begin. */
    #passOn() {
        for (const waiting of this.#waiting) {
            if (this.#obstacle(waiting.caller) !== undefined)
                continue;
            this.#waiting.delete(waiting);
            waiting.begin(this.#take(waiting.caller));
            return;
        }
    }
    /** Why a caller cannot have a connection now. */
    #obstacle({ keyId, user }) {
        if ((this.#byKey.get(keyId) ?? 0) >= this.#perKey) {
            return `this key has ${this.#perKey} of the ${this.connections} connections to the vendor, as many as one key may have`;
        }
        if ((this.#byUser.get(user) ?? 0) >= this.#perUser) {
            return `this key's user has ${this.#perUser} of the ${this.connections} connections to the vendor, as many as one user may have`;
        }
        return this.#free > 0
            ? undefined
            : `all ${this.connections} connections to the vendor are in use`;
    }
}
exports.ConnectionShares = ConnectionShares;
function change(counts, name, by) {
    const count = (counts.get(name) ?? 0) + by;
    if (count === 0)
        counts.delete(name);
    else
        counts.set(name, count);
}
function overloaded(obstacle) {
    return new refusal_1.BrokerRefusal(503, 'overloaded', `The call waited a second for a connection, and nothing was sent: ${obstacle}. Try again in a moment.`, {}, { 'retry-after': '1' });
}
