"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.RefusalLog = void 0;
const sparse_log_1 = require("./sparse-log");
/** Refusals of callers that are not known: at most one line a second an address. */
class RefusalLog {
    #log;
    /** @param write Takes one line, without its end. */
    constructor(write) {
        this.#log = new sparse_log_1.SparseLog(write);
    }
    note(status, code, address = 'an unknown address', now) {
        this.#log.note(address, `refused a request from ${address}: ${status} ${code}`, now);
    }
}
exports.RefusalLog = RefusalLog;
