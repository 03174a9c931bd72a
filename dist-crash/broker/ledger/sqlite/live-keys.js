"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.LiveKeys = void 0;
/** Instants at which keys expire, and how many of them are still to come. */
class Expiries {
    #bySecond = new Map();
    /** All seconds before this one are forgotten. */
    #second = 0;
    #size = 0;
    add(at) {
        const second = Math.floor(at / 1_000);
        if (second < this.#second)
            return;
        const there = this.#bySecond.get(second);
        if (there === undefined)
            this.#bySecond.set(second, [at]);
        else
            there.push(at);
        this.#size += 1;
    }
    remove(at) {
        const second = Math.floor(at / 1_000);
        const there = this.#bySecond.get(second);
        const i = there?.indexOf(at) ?? -1;
        if (there === undefined || i === -1)
            return;
        const last = there.pop();
        if (i < there.length && last !== undefined)
            there[i] = last;
        if (there.length === 0)
            this.#bySecond.delete(second);
        this.#size -= 1;
    }
    after(now) {
        const second = Math.floor(now / 1_000);
        if (second - this.#second > this.#bySecond.size) {
            for (const each of this.#bySecond.keys())
                if (each < second)
                    this.#forget(each);
        }
        else {
            for (let each = this.#second; each < second; each++)
                this.#forget(each);
        }
        this.#second = Math.max(this.#second, second);
        const passed = this.#bySecond.get(second)?.filter((at) => at <= now).length ?? 0;
        return this.#size - passed;
    }
    #forget(second) {
        this.#size -= this.#bySecond.get(second)?.length ?? 0;
        this.#bySecond.delete(second);
    }
}
/**
 * How many keys live, without a look at the keys: kept with every issue and revocation that was
 * committed, and with the passing of time. Some bytes a key.
 */
class LiveKeys {
    /** By lease; those without one under the empty id. */
    #groups = new Map();
    add({ expiresAt, lease }) {
        const id = lease?.id ?? '';
        let group = this.#groups.get(id);
        if (group === undefined)
            this.#groups.set(id, (group = new Expiries()));
        group.add(expiresAt);
    }
    remove({ expiresAt, lease }) {
        this.#groups.get(lease?.id ?? '')?.remove(expiresAt);
    }
    /**
     * @returns `live`: neither expired nor revoked, and their leases alive; `unrevoked`: neither
     * expired nor revoked, whatever their leases say.
     */
    count(now, leaseExpiry) {
        const counts = { live: 0, unrevoked: 0 };
        for (const [id, group] of this.#groups) {
            const size = group.after(now);
            if (size === 0)
                this.#groups.delete(id);
            counts.unrevoked += size;
            if (id === '' || (leaseExpiry(id) ?? 0) > now)
                counts.live += size;
        }
        return counts;
    }
}
exports.LiveKeys = LiveKeys;
