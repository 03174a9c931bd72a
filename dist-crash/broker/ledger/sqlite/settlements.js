"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Settlements = void 0;
exports.keyBalanceName = keyBalanceName;
const decide_1 = require("../decide");
const operation_1 = require("../operation");
const audit_rows_1 = require("./audit-rows");
/** The name of the balance in which a key's spend is counted. */
function keyBalanceName(keyId) {
    return `key/${keyId}`;
}
/**
 * Ends holds: by the answers to calls, by an operator's word, and by the answers that had come
 * when a process died. Whatever changes what is spent has a row in the audit log.
 */
class Settlements {
    keys;
    holds;
    operations;
    log;
    constructor(keys, holds, operations, log) {
        this.keys = keys;
        this.holds = holds;
        this.operations = operations;
        this.log = log;
    }
    /** A call has ended. */
    finish({ hold: call, outcome, now, audit }) {
        const { vendor, account } = call;
        if (outcome.object !== undefined) {
            this.holds.learn(vendor, account, outcome.object, this.#mayLower(call, outcome));
        }
        const operation = this.operations.get(vendor, call.operationKeyHash ?? '');
        const told = operation?.holdId === call.holdId ? operation?.dearest : undefined;
        const conclusion = this.#conclusion(call, outcome, now);
        const ended = conclusion === undefined ? undefined : this.#conclude(call, conclusion, told, now);
        const isOwn = ended?.hold.callId === call.callId;
        this.log.write(call.audit, {
            ...this.#keyState(this.keys.get(call.keyId)),
            requested_micros: call.micros,
            ...audit,
            event: 'outcome',
            verdict: outcome.ending,
            settled_micros: isOwn ? ended.settledMicros : 0,
            amount: outcome.settledAmount?.amount ?? call.audit.amount ?? null,
            currency: outcome.settledAmount?.currency ?? call.audit.currency ?? null,
        });
        if (ended === undefined)
            return;
        if (!isOwn) {
            this.#writeSettlement(ended, now, {
                reason: `ended by ${call.callId}, a call with the same Idempotency-Key`,
            });
        }
        this.#writeGivenBack(ended.givenBack, now, `lowered by ${call.callId}`);
    }
    /** An operator's word on a hold: what it was settled at, or `undefined` where it is released. */
    endByOperator(hold, settledMicros, now, remoteAddress) {
        const state = settledMicros === undefined ? 'released' : 'settled';
        const settled = settledMicros ?? 0;
        this.holds.end(hold, state, settled, hold.objectId, now);
        if (hold.idempotencyKeyHash !== null)
            this.#noteEnd(hold, now);
        const ended = { hold, state, settledMicros: settled, givenBack: [] };
        this.#writeSettlement(ended, now, { remote_address: remoteAddress ?? null });
        return this.holds.get(hold.callId) ?? hold;
    }
    /**
     * The process died while calls were in flight. Where another call of the operation had been
     * answered with a settlement, that stands: no outcome is dearer. To be done at the start.
     */
    endFlights(now) {
        for (const { vendor, keyHash, operation } of this.operations.inFlight()) {
            const { holdId, dearest } = operation;
            if (holdId === undefined || dearest?.ending !== 'settled')
                continue;
            const hold = this.holds.get(holdId);
            if (hold === undefined || (hold.state !== 'held' && hold.state !== 'unknown'))
                continue;
            const root = this.#rootOf(hold, dearest);
            const { finalMicros: _final, ...settled } = dearest;
            const isTouched = root !== null && this.holds.isTouched(vendor, hold.account, root, hold.callId);
            const ended = this.#end(hold, isTouched ? settled : dearest, now);
            const { dearest: _, ...rest } = operation;
            this.operations.put(vendor, keyHash, { ...rest, inFlight: 0, endedAt: now });
            this.#writeSettlement(ended, now, {
                reason: 'ended by an answer that came before the broker stopped',
            });
            this.#writeGivenBack(ended.givenBack, now, `lowered by ${hold.callId}`);
        }
    }
    /** What this ending makes of the hold; `undefined` while other calls under it are in flight. */
    #conclusion(call, outcome, now) {
        const { vendor, operationKeyHash, holdId } = call;
        if (operationKeyHash === undefined)
            return outcome;
        const state = holdId === undefined ? undefined : this.holds.get(holdId)?.state;
        const concluded = (dearest) => state === undefined ? dearest : (0, operation_1.conclusionOf)(dearest, state);
        const operation = this.operations.get(vendor, operationKeyHash);
        // Its key serves another operation by now, or was held anew.
        if (operation === undefined || operation.holdId !== holdId)
            return concluded(outcome);
        const { dearest: _, ...rest } = operation;
        const dearest = (0, operation_1.dearer)(operation.dearest, this.#lasting(call, outcome));
        const inFlight = Math.max(0, operation.inFlight - 1);
        if (inFlight > 0) {
            this.operations.put(vendor, operationKeyHash, { ...rest, inFlight, dearest });
            return makesObject(call, dearest) ? dearest : undefined;
        }
        const conclusion = concluded(dearest);
        const open = holdId !== undefined && conclusion.ending === 'unknown' && state !== 'settled';
        this.operations.put(vendor, operationKeyHash, {
            ...rest,
            inFlight: 0,
            ...(open ? {} : { endedAt: now }),
        });
        return conclusion;
    }
    /** An outcome without what only its call can vouch for: it is kept when the call is forgotten. */
    #lasting(call, outcome) {
        const { finalMicros, object, ...lasting } = outcome;
        const { price } = call;
        return {
            ...lasting,
            // A refund names the payment it gives back, but is no part of what that payment may cost.
            ...(object === undefined || price.kind === 'refund' ? {} : { object }),
            ...(finalMicros !== undefined && this.#mayLower(call, outcome) ? { finalMicros } : {}),
        };
    }
    #conclude(call, outcome, told, now) {
        if (call.holdId === undefined)
            return undefined;
        const hold = this.holds.get(call.holdId);
        if (hold === undefined || hold.state === 'released')
            return undefined;
        const lasting = this.#lasting(call, outcome);
        if (hold.state === 'settled') {
            // Its first answer was cut short, and only a retry's says which object it paid for.
            if (hold.objectId === null && call.price.kind === 'amount') {
                const root = this.#rootOf(hold, lasting);
                if (root !== null)
                    this.holds.link(hold, root);
            }
            return this.#raise(call, hold, lasting, told);
        }
        if (lasting.ending === 'unknown') {
            this.holds.markUnknown(hold);
            return undefined;
        }
        return this.#end(hold, lasting, now);
    }
    /** A later answer to the same operation says that the object costs more than the first one said. */
    #raise(call, hold, outcome, told) {
        if (told === undefined || !makesObject(call, told))
            return undefined;
        const first = (0, decide_1.settlementOf)(hold.heldMicros, told.reportedMicros, 0);
        const more = (0, decide_1.settlementOf)(hold.heldMicros, outcome.reportedMicros, 0) - first;
        // Where something was given back since, that is the newer word.
        if (more <= 0 || hold.settledMicros !== first)
            return undefined;
        this.holds.raise(hold, more);
        return { hold, state: 'settled', settledMicros: more, givenBack: [] };
    }
    #end(hold, outcome, now) {
        const { vendor, account } = hold;
        const root = this.#rootOf(hold, outcome);
        // What adds to no object that was there before cannot have cost anything before.
        const before = root === null || hold.objectId === null ? 0 : this.holds.exposure(vendor, account, root);
        const state = outcome.ending === 'settled' ? 'settled' : 'released';
        const settledMicros = state === 'settled' ? (0, decide_1.settlementOf)(hold.heldMicros, outcome.reportedMicros, before) : 0;
        this.holds.end(hold, state, settledMicros, root, now);
        const givenBack = root !== null && outcome.finalMicros !== undefined
            ? this.holds.giveBack(vendor, account, root, outcome.finalMicros)
            : [];
        return { hold, state, settledMicros, givenBack };
    }
    /** The object whose money a hold is, where that is known. */
    #rootOf({ vendor, account, objectId }, { object }) {
        if (objectId !== null || object === undefined)
            return objectId;
        return this.holds.rootOf(vendor, account, object.id);
    }
    /**
     * Whether an answer may lower what an object can cost. Nothing follows a capture or a cancel, but
     * a change may have been executed before another whose answer came first.
     */
    #mayLower({ vendor, account, callId, price, isAlone }, outcome) {
        if (outcome.finalMicros === undefined)
            return false;
        if (price.kind !== 'change')
            return true;
        const root = this.holds.rootOf(vendor, account, price.objectId);
        return isAlone === true && !this.holds.isTouched(vendor, account, root, callId);
    }
    #noteEnd({ vendor, idempotencyKeyHash, callId }, now) {
        const operation = this.operations.get(vendor, idempotencyKeyHash ?? '');
        if (operation?.holdId !== callId)
            return;
        this.operations.put(vendor, idempotencyKeyHash ?? '', { ...operation, endedAt: now });
    }
    /** The row of a hold that something else than the answer to its own call has ended. */
    #writeSettlement({ hold, state, settledMicros }, now, more) {
        const key = this.keys.get(hold.keyId);
        this.log.write({
            ...(0, audit_rows_1.auditOfHold)('settlement', now, hold, key),
            ...this.#keyState(key),
            verdict: state,
            requested_micros: hold.heldMicros,
            settled_micros: settledMicros,
            ...more,
        });
    }
    #writeGivenBack(all, now, reason) {
        for (const { hold, micros } of all) {
            const key = this.keys.get(hold.keyId);
            this.log.write({
                ...(0, audit_rows_1.auditOfHold)('give_back', now, hold, key),
                ...this.#keyState(key),
                verdict: 'given_back',
                reason,
                settled_micros: -micros,
            });
        }
    }
    #keyState(key) {
        if (key === undefined)
            return {};
        const { id, capMicros } = key;
        const balance = this.holds.balance(keyBalanceName(id));
        return (0, audit_rows_1.auditOfCap)({ scope: 'key', capMicros, balance });
    }
}
exports.Settlements = Settlements;
/**
 * Whether a call has made an object of the vendor's. What that costs is settled at once, though
 * other calls of the operation are in flight: no outcome of theirs lowers it, and a capture of the
 * object must find that it is paid for.
 */
function makesObject({ price }, { ending, object }) {
    return price.kind === 'amount' && ending === 'settled' && object !== undefined;
}
