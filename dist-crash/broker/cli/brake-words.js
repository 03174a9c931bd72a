"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.liftWord = exports.brakeWord = void 0;
const table_1 = require("./table");
const word_1 = require("./word");
const COLUMNS = [
    { title: 'ID', text: ({ id }) => id },
    { title: 'SCOPE', text: ({ scope }) => scope },
    { title: 'TARGET', text: ({ target }) => target ?? '', shrinks: true },
    { title: 'TENANT', text: ({ tenant_id }) => tenant_id ?? '', shrinks: true },
    {
        title: 'EXPIRES',
        text: ({ expires_at }) => (expires_at === undefined ? '' : (0, table_1.minute)(expires_at)),
    },
    { title: 'HIT', text: ({ hit }) => String(hit ?? ''), right: true },
    { title: 'REASON', text: ({ reason }) => reason, shrinks: true },
];
exports.brakeWord = {
    help: `Usage: vault-key-broker brake          lists the brakes that stand
       vault-key-broker brake SCOPE ID --reason TEXT
       vault-key-broker brake all --reason TEXT

  SCOPE          tenant, user, run, tool, vendor, key
  --reason TEXT  shown to whoever is stopped
  --tenant T     only within this tenant
  --for TIME     such as 30m; without it, the brake stands until it is lifted
${word_1.COMMON_HELP}`,
    options: ['reason', 'tenant', 'for'],
    async run({ api, operands, options: { reason, tenant, for: time } }) {
        if (operands.length === 0) {
            if ((reason ?? tenant ?? time) !== undefined)
                throw new word_1.BadUsage('SCOPE is missing');
            const json = await api.call('GET', '/v1/brakes');
            return { json, text: (0, table_1.table)(COLUMNS, json.brakes) };
        }
        const [scope, id] = operands[0] === 'all' ? (0, word_1.operandsOf)(operands, 'SCOPE') : (0, word_1.operandsOf)(operands, 'SCOPE', 'ID');
        if (reason === undefined)
            throw new word_1.BadUsage('--reason is missing');
        const json = await api.call('POST', '/v1/brakes', {
            scope,
            ...(id === undefined ? {} : { id }),
            ...(tenant === undefined ? {} : { tenant_id: tenant }),
            reason,
            ...(time === undefined ? {} : { expires_in: time }),
        });
        const { id: brakeId, hit } = json;
        const keys = `${hit} live ${hit === 1 ? 'key' : 'keys'}`;
        const text = hit === null
            ? `${brakeId} is in force; brake tells how many live keys it hit, once they are counted; lift it with: lift ${brakeId}\n`
            : `${brakeId} stops ${keys}; lift it with: lift ${brakeId}\n`;
        return { json, text };
    },
};
exports.liftWord = {
    help: `Usage: vault-key-broker lift BRAKE_ID      lets go what a brake has stopped

${word_1.COMMON_HELP}`,
    options: [],
    async run({ api, operands }) {
        const [id = ''] = (0, word_1.operandsOf)(operands, 'BRAKE_ID');
        const json = await api.call('DELETE', `/v1/brakes/${(0, word_1.segment)(id)}`);
        return { json, text: `lifted ${(0, table_1.shown)(id)}\n` };
    },
};
