"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.keysWord = void 0;
const table_1 = require("./table");
const word_1 = require("./word");
const COLUMNS = [
    { title: 'ID', text: ({ id }) => id },
    { title: 'STATUS', text: ({ status }) => status },
    { title: 'CAP', text: ({ daily_usd_cap }) => (0, table_1.usd)(daily_usd_cap), right: true },
    { title: 'SPENT', text: ({ spent_usd }) => (0, table_1.usd)(spent_usd), right: true },
    { title: 'HELD', text: ({ held_usd }) => (0, table_1.usd)(held_usd), right: true },
    { title: 'LEFT', text: ({ remaining_usd }) => (0, table_1.usd)(remaining_usd), right: true },
    { title: 'EXPIRES', text: ({ expires_at }) => (0, table_1.minute)(expires_at) },
    { title: 'LABEL', text: ({ label }) => label, shrinks: true },
];
exports.keysWord = {
    help: `Usage: vault-key-broker keys [filters]      lists keys, newest first
       vault-key-broker keys show ID
       vault-key-broker keys revoke ID...

  --status S   active, expired, revoked, braked
  --vendor V   --tenant T   --user U   --run R   --tool T
  --limit N    at most so many, 100 by default, up to 1000
  --cursor C   where the next page begins
${word_1.COMMON_HELP}`,
    options: ['status', 'vendor', 'tenant', 'user', 'run', 'tool', 'limit', 'cursor'],
    async run({ api, operands: [action, ...rest], options }) {
        if (action === 'revoke') {
            const ids = rest.length > 1 ? rest : (0, word_1.operandsOf)(rest, 'ID');
            const json = await api.call('POST', '/v1/keys/revoke', { ids });
            const unknown = json.unknown.map((id) => `no key has the id ${id}\n`).join('');
            return { json, text: `revoked ${json.revoked}\n${unknown}`, ok: unknown === '' };
        }
        if (action === 'show') {
            const [id = ''] = (0, word_1.operandsOf)(rest, 'ID');
            const json = await api.call('GET', `/v1/keys/${(0, word_1.segment)(id)}`);
            const more = Object.entries({ ...json.subject, vendor: json.vendor })
                .map(([name, value]) => `${name}=${value}`)
                .join(' ');
            return {
                json,
                text: `${(0, table_1.table)(COLUMNS, [json])}${more}\n${json.allowed_endpoints.join('\n')}\n`,
            };
        }
        (0, word_1.operandsOf)(action === undefined ? [] : [action, ...rest]);
        const query = (0, word_1.queryOf)(options, {
            status: 'status',
            vendor: 'vendor',
            tenant: 'tenant_id',
            user: 'user_id',
            run: 'run_id',
            tool: 'tool',
            limit: 'limit',
            cursor: 'cursor',
        });
        const json = await api.call('GET', `/v1/keys${query}`);
        const next = json.cursor === undefined ? '' : `more: --cursor ${json.cursor}\n`;
        return { json, text: `${(0, table_1.table)(COLUMNS, json.keys)}${next}` };
    },
};
