"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.budgetSubjectView = budgetSubjectView;
exports.budgetView = budgetView;
exports.capView = capView;
const usd_1 = require("../money/usd");
const decide_1 = require("../ledger/decide");
const budget_1 = require("./budget");
function budgetSubjectView({ scope, id, tenant, user }) {
    return {
        scope,
        id,
        ...(tenant === '' ? {} : { tenant_id: tenant }),
        ...(user === '' ? {} : { user_id: user }),
    };
}
function budgetView(budget, state) {
    const { scope: _scope, cap_usd, ...today } = capView(state);
    return {
        ...budgetSubjectView(budget),
        daily_usd_cap: cap_usd,
        ...(budget.id === budget_1.ANY_ID ? {} : today),
    };
}
function capView(cap) {
    return {
        scope: cap.scope,
        cap_usd: (0, usd_1.toUsd)(cap.capMicros),
        spent_usd: (0, usd_1.toUsd)(cap.balance.spent),
        held_usd: (0, usd_1.toUsd)(cap.balance.held),
        remaining_usd: (0, usd_1.toUsd)((0, decide_1.remainingOf)(cap)),
        ...(cap.resetsAt === undefined ? {} : { resets_at: cap.resetsAt }),
    };
}
