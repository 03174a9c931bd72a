"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.budgetsWord = void 0;
const table_1 = require("./table");
const word_1 = require("./word");
const COLUMNS = [
    { title: 'SCOPE', text: ({ scope }) => scope },
    { title: 'ID', text: ({ id }) => id, shrinks: true },
    { title: 'TENANT', text: ({ tenant_id }) => tenant_id ?? '', shrinks: true },
    { title: 'USER', text: ({ user_id }) => user_id ?? '', shrinks: true },
    { title: 'CAP', text: ({ daily_usd_cap }) => (0, table_1.usd)(daily_usd_cap), right: true },
    { title: 'SPENT', text: ({ spent_usd }) => (0, table_1.usd)(spent_usd), right: true },
    { title: 'HELD', text: ({ held_usd }) => (0, table_1.usd)(held_usd), right: true },
    { title: 'LEFT', text: ({ remaining_usd }) => (0, table_1.usd)(remaining_usd), right: true },
];
exports.budgetsWord = {
    help: `Usage: vault-key-broker budgets                 lists the daily caps
       vault-key-broker budgets set SCOPE ID USD
       vault-key-broker budgets remove SCOPE ID

  SCOPE        tenant, user, run, tool, vendor
  ID           or '*' for each id that has no budget of its own
  --tenant T   of a user or a run
  --user U     of a run
${word_1.COMMON_HELP}`,
    options: ['tenant', 'user'],
    async run({ api, operands: [action, ...rest], options }) {
        const { tenant, user } = options;
        if (action === 'set') {
            const [scope = '', id = '', amount = ''] = (0, word_1.operandsOf)(rest, 'SCOPE', 'ID', 'USD');
            const json = await api.call('PUT', pathOf(scope, id), {
                daily_usd_cap: (0, word_1.usdOperand)(amount),
                ...(tenant === undefined ? {} : { tenant_id: tenant }),
                ...(user === undefined ? {} : { user_id: user }),
            });
            return { json, text: (0, table_1.table)(COLUMNS, [json]) };
        }
        if (action === 'remove') {
            const [scope = '', id = ''] = (0, word_1.operandsOf)(rest, 'SCOPE', 'ID');
            const query = (0, word_1.queryOf)(options, { tenant: 'tenant_id', user: 'user_id' });
            const json = await api.call('DELETE', `${pathOf(scope, id)}${query}`);
            return { json, text: 'removed\n' };
        }
        (0, word_1.operandsOf)(action === undefined ? [] : [action, ...rest]);
        if (tenant !== undefined || user !== undefined) {
            throw new word_1.BadUsage('--tenant and --user go with set and remove');
        }
        const json = await api.call('GET', '/v1/budgets');
        return { json, text: (0, table_1.table)(COLUMNS, json.budgets) };
    },
};
function pathOf(scope, id) {
    return `/v1/budgets/${(0, word_1.segment)(scope)}/${(0, word_1.segment)(id)}`;
}
