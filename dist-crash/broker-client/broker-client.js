"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.BrokerClient = void 0;
exports.readWhole = readWhole;
exports.notInDialect = notInDialect;
const call_refused_exception_1 = require("../exceptions/call-refused.exception");
/** The whole body of an answer; `undefined` where it broke off or is larger. */
async function readWhole(answer, maxBytes) {
    if (answer.bytes !== undefined)
        return answer.bytes(maxBytes);
    const chunks = [];
    let size = 0;
    try {
        for await (const chunk of answer.body) {
            size += chunk.length;
            if (size > maxBytes)
                return undefined;
            chunks.push(chunk);
        }
    }
    catch {
        return undefined;
    }
    return Buffer.concat(chunks);
}
/**
 * The port to a broker. One of these exists in an application: `HttpBrokerClient` for a server,
 * `EmbeddedBrokerClient` for the broker in this process.
 */
class BrokerClient {
    /**
     * As {@link forward}, by the cheapest way there is: what a vendor's own client is bound to.
     *
     * @throws what {@link forward} throws.
     */
    relay(call) {
        return this.forward(call);
    }
    /**
     * What stands against every cap over a key.
     *
     * @throws VaultKeyInvalidException where the key is not live any more.
     * @throws VaultKeyUnavailableException where the broker gave no answer.
     */
    standing(_key) {
        return notInDialect('What remains under a cap');
    }
    /**
     * Stops a subject. Once it resolves, no call of theirs is admitted.
     *
     * @throws CallRefusedException where the broker takes no such brake.
     * @throws VaultKeyUnavailableException where the broker gave no answer; the brake may stand.
     */
    brake(_request) {
        return notInDialect('A brake');
    }
    /**
     * Lifts a brake.
     *
     * @throws CallRefusedException 404 `not_found` where none of that id stands.
     * @throws VaultKeyUnavailableException where the broker gave no answer.
     */
    lift(_brakeId) {
        return notInDialect('A brake');
    }
    /**
     * The brakes that stand, the oldest first.
     *
     * @throws VaultKeyUnavailableException where the broker gave no answer.
     */
    brakes() {
        return notInDialect('A brake');
    }
    /**
     * Begins a lease.
     *
     * @returns Its id.
     * @throws VaultKeyUnavailableException where none is to be had.
     */
    beginLease(_ttlSeconds) {
        return notInDialect('A lease');
    }
    /**
     * Renews a lease.
     *
     * @returns False where it has lapsed or the broker does not know it.
     * @throws VaultKeyUnavailableException where the broker gave no answer.
     */
    renewLease(_leaseId) {
        return notInDialect('A lease');
    }
    /**
     * Ends a lease, and with it every key issued under it. One that is not there has ended too.
     *
     * @throws VaultKeyUnavailableException where the broker gave no answer.
     */
    endLease(_leaseId) {
        return notInDialect('A lease');
    }
}
exports.BrokerClient = BrokerClient;
/** The answer of a client whose broker speaks Keybrake's own contract, which has none of this. */
function notInDialect(what) {
    return Promise.reject(new call_refused_exception_1.CallRefusedException({
        status: 501,
        code: 'dialect_not_supported',
        message: `${what} is something a broker of the "keybrake" dialect does not have. This package's own has: configure VaultKeyModule with \`embedded\`, or with \`broker: { url }\` of a vault-key-broker.`,
    }));
}
