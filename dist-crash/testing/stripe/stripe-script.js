"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.StripeScript = void 0;
exports.compileMatch = compileMatch;
exports.assertFault = assertFault;
const PATTERN = /^(?:(?<method>[A-Z]+) )?(?<path>\*|\/\S*)$/;
/** @throws {TypeError} where a pattern is not of the form {@link StripeCallMatch} names */
function compileMatch(match) {
    if (typeof match === 'function')
        return match;
    const pattern = PATTERN.exec(match)?.groups;
    if (pattern === undefined) {
        throw new TypeError(`"${match}" matches no call: write "[METHOD ]/path" ("POST /v1/payment_intents/*"), "*" for every call, or a function.`);
    }
    const { method, path } = pattern;
    const segments = path === '*' ? undefined : path.split('/');
    return (call) => {
        if (method !== undefined && call.method !== method)
            return false;
        if (segments === undefined)
            return true;
        const actual = call.path.split('/');
        return (actual.length === segments.length &&
            segments.every((segment, index) => segment === '*' || segment === actual[index]));
    };
}
class ScriptEntry {
    times;
    arrived;
    turn;
    #matches;
    #calls = [];
    #left;
    #arrivals = 0;
    #resolveArrived;
    #rejectArrived;
    #release;
    constructor(match, fault, times) {
        this.times = times;
        if (times !== Infinity && (!Number.isInteger(times) || times < 1)) {
            throw new RangeError(`times must be a positive integer or Infinity, not ${times}.`);
        }
        this.#matches = compileMatch(match);
        this.#left = times;
        this.arrived = new Promise((resolve, reject) => {
            this.#resolveArrived = resolve;
            this.#rejectArrived = reject;
        });
        // Nobody has to wait for the arrival, and then its failure is nobody's either.
        this.arrived.catch(() => undefined);
        const released = new Promise((resolve) => (this.#release = resolve));
        this.turn = { fault, released };
    }
    get calls() {
        return this.#calls;
    }
    get isOver() {
        return this.#left === 0;
    }
    takes(call) {
        if (this.#left === 0 || !this.#matches(call))
            return false;
        this.#left -= 1;
        this.#calls.push(call);
        return true;
    }
    /** Told only once the call has reached the point where the fault strikes. */
    noteArrival() {
        this.#arrivals += 1;
        if (this.times === Infinity || this.#arrivals === this.times)
            this.#resolveArrived(this.#calls);
    }
    release() {
        this.#left = 0;
        this.#release();
        this.#rejectArrived(new Error('The calls were released before all of them arrived.'));
    }
    cancel(reason = 'The script was cancelled before its calls arrived.') {
        this.#left = 0;
        this.#rejectArrived(new Error(reason));
    }
}
const FAULTS = ['status', 'hang', 'reset', 'truncate', 'decline', 'stream', 'delayMs'];
/** @throws {TypeError | RangeError} naming what is wrong, so that a misspelt fault is no silent success */
function assertFault(fault) {
    if (!FAULTS.some((name) => name in fault)) {
        throw new TypeError(`A fault has one of: ${FAULTS.join(', ')}.`);
    }
    if ('status' in fault)
        assertInteger('status', fault.status, 200, 599);
    if ('stream' in fault) {
        assertInteger('stream.bytes', fault.stream.bytes, 0);
        assertInteger('stream.chunkBytes', fault.stream.chunkBytes ?? 1, 1);
    }
    if (fault.delayMs !== undefined)
        assertInteger('delayMs', fault.delayMs, 0);
    for (const moment of ['hang' in fault && fault.hang, 'reset' in fault && fault.reset]) {
        if (typeof moment === 'string' && moment !== 'before' && moment !== 'after') {
            throw new TypeError(`hang and reset strike "before" or "after" the call executes.`);
        }
    }
}
function assertInteger(name, value, min, max = Infinity) {
    if (!Number.isInteger(value) || value < min || value > max) {
        throw new RangeError(`${name} must be an integer ${max === Infinity ? `of at least ${min}` : `from ${min} to ${max}`}, not ${value}.`);
    }
}
/** The faults to come. Of several that match a call the one scripted first takes it. */
class StripeScript {
    #entries = [];
    add(match, fault, times) {
        const entry = new ScriptEntry(match, fault, times);
        this.#entries.push(entry);
        return entry;
    }
    take(call) {
        if (this.#entries.length === 0)
            return undefined;
        this.#entries = this.#entries.filter((each) => !each.isOver);
        const entry = this.#entries.find((each) => each.takes(call));
        if (entry === undefined)
            return undefined;
        return { ...entry.turn, arrive: () => entry.noteArrival() };
    }
    clear(reason) {
        for (const entry of this.#entries)
            entry.cancel(reason);
        this.#entries = [];
    }
}
exports.StripeScript = StripeScript;
