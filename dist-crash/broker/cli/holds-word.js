"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.holdsWord = void 0;
const table_1 = require("./table");
const word_1 = require("./word");
const COLUMNS = [
    { title: 'ID', text: ({ id }) => id },
    { title: 'STATE', text: ({ state }) => state },
    {
        title: 'USD',
        text: ({ state, held_usd, settled_usd }) => (0, table_1.usd)(state === 'settled' ? settled_usd : held_usd),
        right: true,
    },
    { title: 'BEGUN', text: ({ created_at }) => (0, table_1.instant)(created_at) },
    { title: 'KEY', text: ({ key_id }) => key_id },
];
exports.holdsWord = {
    help: `Usage: vault-key-broker holds [filters]      lists holds
       vault-key-broker holds settle ID USD  the vendor executed the call, for so much
       vault-key-broker holds release ID     the vendor did not execute the call

  --state S    unknown (default), held, settled, released
  --vendor V   --key ID
  --limit N    at most so many, 100 by default, up to 1000
  --cursor C   where the next page begins
${word_1.COMMON_HELP}`,
    options: ['state', 'vendor', 'key', 'limit', 'cursor'],
    async run({ api, operands: [action, ...rest], options }) {
        if (action === 'settle') {
            const [id = '', amount = ''] = (0, word_1.operandsOf)(rest, 'ID', 'USD');
            const json = await api.call('POST', `/v1/holds/${(0, word_1.segment)(id)}/settle`, {
                usd: (0, word_1.usdOperand)(amount),
            });
            return { json, text: (0, table_1.table)(COLUMNS, [json]) };
        }
        if (action === 'release') {
            const [id = ''] = (0, word_1.operandsOf)(rest, 'ID');
            const path = `/v1/holds/${(0, word_1.segment)(id)}/release`;
            const json = await api.call('POST', path);
            return { json, text: (0, table_1.table)(COLUMNS, [json]) };
        }
        (0, word_1.operandsOf)(action === undefined ? [] : [action, ...rest]);
        const query = (0, word_1.queryOf)({ state: 'unknown', ...options }, { state: 'state', vendor: 'vendor', key: 'key_id', limit: 'limit', cursor: 'cursor' });
        const json = await api.call('GET', `/v1/holds${query}`);
        const next = json.cursor === undefined ? '' : `more: --cursor ${json.cursor}\n`;
        return { json, text: `${(0, table_1.table)(COLUMNS, json.holds)}${next}` };
    },
};
