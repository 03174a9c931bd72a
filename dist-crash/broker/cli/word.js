"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.COMMON_HELP = exports.BadUsage = void 0;
exports.parseWord = parseWord;
exports.segment = segment;
exports.operandsOf = operandsOf;
exports.queryOf = queryOf;
exports.usdOperand = usdOperand;
const node_util_1 = require("node:util");
/** What an operator typed does not hold: one line that says what. */
class BadUsage extends Error {
}
exports.BadUsage = BadUsage;
/** What all words take. */
exports.COMMON_HELP = `  --url URL    the running broker, http://127.0.0.1:4100 by default
  --json       the management API's own answer
  --help       this text

Before an id that begins with - put --. The management token is read from KEYBRAKE_TOKEN.
`;
/** Options and operands as they were typed; what no one knows is {@link BadUsage}. */
function parseWord(args, options) {
    try {
        const { values, positionals } = (0, node_util_1.parseArgs)({
            args,
            allowPositionals: true,
            options: {
                url: { type: 'string' },
                json: { type: 'boolean' },
                help: { type: 'boolean', short: 'h' },
                ...Object.fromEntries(options.map((name) => [name, { type: 'string' }])),
            },
        });
        const { url, json, help, ...rest } = values;
        return {
            url: url ?? 'http://127.0.0.1:4100',
            json: json === true,
            help: help === true,
            options: rest,
            operands: positionals,
        };
    }
    catch (error) {
        throw new BadUsage(faultOf(error));
    }
}
/** What was typed wrong; of what begins with a dash, how it is typed where it is meant as it is. */
function faultOf({ code, message }) {
    const [reason = ''] = message.split(/\.\s/);
    if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
        return `${reason}: before an id that begins with - put --, after all options`;
    }
    return reason.includes('ambiguous')
        ? `${reason}: a value that begins with - is given as --option=-value`
        : reason;
}
/** A segment of a path: one of dots alone would name another path to whatever stands between. */
function segment(text) {
    return /^\.{1,2}$/.test(text) ? text.replaceAll('.', '%2E') : encodeURIComponent(text);
}
/** The operands by name; too few or too many are {@link BadUsage}. */
function operandsOf(operands, ...names) {
    const missing = names[operands.length];
    if (missing !== undefined)
        throw new BadUsage(`${missing} is missing`);
    const extra = operands[names.length];
    if (extra !== undefined)
        throw new BadUsage(`${extra} is one operand too many`);
    return [...operands];
}
/** A query of the options that were given, under the names that the API has for them. */
function queryOf(options, names) {
    const query = new URLSearchParams();
    for (const [option, name] of Object.entries(names)) {
        const value = options[option];
        if (value !== undefined)
            query.set(name, value);
    }
    const text = query.toString();
    return text === '' ? '' : `?${text}`;
}
/** An amount in USD as it was typed. */
function usdOperand(text) {
    if (!/^\d+(?:\.\d+)?$/.test(text)) {
        throw new BadUsage(`${text} is no amount in USD, such as 12.50`);
    }
    return Number(text);
}
