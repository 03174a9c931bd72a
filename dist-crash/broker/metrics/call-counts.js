"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.CallCounts = void 0;
/** What became of the calls since the process began; counts alone, nobody's name. */
class CallCounts {
    /** Of known keys, by vendor and verdict. */
    #calls = new Map();
    /** Refused before a key was known, by code. */
    #unknown = new Map();
    call(vendor, verdict) {
        let byVerdict = this.#calls.get(vendor);
        if (byVerdict === undefined)
            this.#calls.set(vendor, (byVerdict = new Map()));
        byVerdict.set(verdict, (byVerdict.get(verdict) ?? 0) + 1);
    }
    unknownCaller(code) {
        this.#unknown.set(code, (this.#unknown.get(code) ?? 0) + 1);
    }
    get calls() {
        return [...this.#calls].flatMap(([vendor, byVerdict]) => [...byVerdict].map(([verdict, count]) => ({ vendor, verdict, count })));
    }
    get unknownCallers() {
        return [...this.#unknown].map(([code, count]) => ({ code, count }));
    }
}
exports.CallCounts = CallCounts;
