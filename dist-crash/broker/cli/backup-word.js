"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.backupWord = void 0;
const store_copy_1 = require("../ledger/sqlite/store-copy");
const management_api_1 = require("./management-api");
const word_1 = require("./word");
exports.backupWord = {
    help: `Usage: vault-key-broker backup FILE   copies the store of the running broker to a new file here

The copy is whole in one file. The audit key is not in it: keep that apart.

${word_1.COMMON_HELP}`,
    options: [],
    async run({ api, operands }) {
        const [file = ''] = (0, word_1.operandsOf)(operands, 'FILE');
        const copy = await api.file('/v1/backup');
        try {
            await (0, store_copy_1.writeCopy)(copy, file);
        }
        catch (error) {
            throw new management_api_1.ManagementFault(`${file} was not written: ${error.message}`);
        }
        const { bytes } = copy;
        return { json: { file, bytes }, text: `${file} has the store: ${bytes} bytes\n` };
    },
};
