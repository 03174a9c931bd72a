"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.BudgetTable = void 0;
const budget_1 = require("../../budgets/budget");
/** The operator's rules. They are looked at by every admission, so their names are kept at hand. */
class BudgetTable {
    #all;
    #put;
    #delete;
    #caps;
    constructor(connection) {
        this.#all = connection.prepare('SELECT * FROM budgets ORDER BY scope, tenant, user_id, target');
        this.#put = connection.prepare(`INSERT OR REPLACE INTO budgets (name, scope, tenant, user_id, target, cap_micros)
       VALUES (?, ?, ?, ?, ?, ?)`);
        this.#delete = connection.prepare('DELETE FROM budgets WHERE name = ?');
    }
    all() {
        return this.#all.all().map((row) => ({
            scope: row.scope,
            tenant: row.tenant,
            user: row.user_id,
            id: row.target,
            capMicros: row.cap_micros,
        }));
    }
    /** Whether no rule stands over anybody. */
    get isEmpty() {
        return this.#atHand().size === 0;
    }
    get(subject) {
        return this.#atHand().get((0, budget_1.budgetName)(subject));
    }
    /** The cap over a subject: its own, or the nearest default. */
    capOver(subject) {
        const caps = this.#atHand();
        if (caps.size === 0)
            return undefined;
        const name = (0, budget_1.ruleNames)(subject).find((each) => caps.has(each));
        return name === undefined ? undefined : caps.get(name);
    }
    put(budget) {
        const { scope, tenant, user, id, capMicros } = budget;
        this.#put.run((0, budget_1.budgetName)(budget), scope, tenant, user, id, capMicros);
        this.forget();
    }
    delete(subject) {
        this.#delete.run((0, budget_1.budgetName)(subject));
        this.forget();
    }
    /** What is at hand may have been rolled back. */
    forget() {
        this.#caps = undefined;
    }
    #atHand() {
        return (this.#caps ??= new Map(this.all().map((budget) => [(0, budget_1.budgetName)(budget), budget.capMicros])));
    }
}
exports.BudgetTable = BudgetTable;
