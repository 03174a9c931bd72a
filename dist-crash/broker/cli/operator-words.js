"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.isWord = isWord;
exports.runWord = runWord;
const audit_word_1 = require("./audit-word");
const backup_word_1 = require("./backup-word");
const brake_words_1 = require("./brake-words");
const budgets_word_1 = require("./budgets-word");
const holds_word_1 = require("./holds-word");
const keys_word_1 = require("./keys-word");
const management_api_1 = require("./management-api");
const table_1 = require("./table");
const word_1 = require("./word");
const WORDS = new Map([
    ['keys', keys_word_1.keysWord],
    ['budgets', budgets_word_1.budgetsWord],
    ['brake', brake_words_1.brakeWord],
    ['lift', brake_words_1.liftWord],
    ['holds', holds_word_1.holdsWord],
    ['audit', audit_word_1.auditWord],
    ['backup', backup_word_1.backupWord],
]);
/** Whether an argument is one of the operator's words. */
function isWord(argument) {
    return argument !== undefined && WORDS.has(argument);
}
/**
 * Says one of the operator's words to a running broker.
 *
 * @returns 0; 1 where the broker refused or a verification failed; 2 where it was not understood.
 */
async function runWord(name, args, env, { out, error }) {
    try {
        const word = WORDS.get(name);
        if (word === undefined)
            throw new word_1.BadUsage(`${name} is no word`);
        const { url, json, help, options, operands } = (0, word_1.parseWord)(args, word.options);
        if (help) {
            out(word.help);
            return 0;
        }
        const base = (0, management_api_1.brokerUrl)(url);
        if (base === undefined) {
            throw new word_1.BadUsage('--url must be an https: origin (http: is taken only to loopback)');
        }
        const token = env['KEYBRAKE_TOKEN'] ?? '';
        if (!/^[\x21-\x7e]+$/.test(token)) {
            throw new word_1.BadUsage("KEYBRAKE_TOKEN must be set to the broker's management token");
        }
        const result = await word.run({ api: new management_api_1.ManagementApi(base, token), operands, options });
        out(json ? `${JSON.stringify(result.json)}\n` : result.text);
        return result.ok === false ? 1 : 0;
    }
    catch (failure) {
        if (failure instanceof word_1.BadUsage) {
            error((0, table_1.shown)(`${name}: ${failure.message} (see ${name} --help)`));
            return 2;
        }
        if (!(failure instanceof management_api_1.ManagementFault))
            throw failure;
        error((0, table_1.shown)(`${name}: ${failure.message}`));
        return 1;
    }
}
