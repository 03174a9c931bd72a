"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Conditions = void 0;
/** The `WHERE` of a search. Columns are names of ours, never a caller's. */
class Conditions {
    #conditions = [];
    values = [];
    equals(column, value) {
        if (value !== undefined)
            this.add(`${column} = ?`, value);
    }
    add(condition, ...values) {
        this.#conditions.push(condition);
        this.values.push(...values);
    }
    /** Both these and the others. */
    addAll(others) {
        this.#conditions.push(...others.#conditions);
        this.values.push(...others.values);
    }
    /** At least one of several. */
    addAny(several) {
        this.add(several.length === 0 ? '0' : `(${several.map((each) => each.#all).join(' OR ')})`, ...several.flatMap(({ values }) => values));
    }
    /** Not one of several. Their conditions must be true or false, never NULL. */
    addNone(several) {
        if (several.length === 0)
            return;
        this.add(`NOT (${several.map((each) => each.#all).join(' OR ')})`, ...several.flatMap(({ values }) => values));
    }
    get sql() {
        return this.#conditions.length === 0 ? '' : `WHERE ${this.#conditions.join(' AND ')}`;
    }
    get #all() {
        return this.#conditions.length === 0 ? '1' : `(${this.#conditions.join(' AND ')})`;
    }
}
exports.Conditions = Conditions;
