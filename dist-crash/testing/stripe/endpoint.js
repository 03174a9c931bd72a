"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.endpoint = endpoint;
exports.listEndpoint = listEndpoint;
const param_rules_1 = require("./param-rules");
const expansion_1 = require("./expansion");
/**
 * One endpoint: what it takes and what it does.
 *
 * @param returns the kind of object in the answer, which decides what `expand` may name
 */
function endpoint(method, path, returns, rules, execute) {
    return {
        method,
        path,
        prepare({ expand: expandForm, ...form }) {
            const params = (0, param_rules_1.readParams)(rules, form);
            const expand = expandForm === undefined ? [] : param_rules_1.texts.read(expandForm, 'expand');
            for (const property of expand)
                (0, expansion_1.assertExpandable)(returns, property);
            return { expand, execute: (run) => execute(run, params) };
        },
    };
}
const pageRules = {
    limit: param_rules_1.listLimit,
    starting_after: param_rules_1.text,
    ending_before: param_rules_1.text,
    created: param_rules_1.createdRange,
};
/**
 * A list, newest first, in pages of 10 (`limit` up to 100).
 *
 * @param filters further parameters, each compared with the field of its name
 */
function listEndpoint(path, returns, shelfOf, filters, isShown = () => true) {
    const rules = {
        ...Object.fromEntries(filters.map((filter) => [filter, param_rules_1.text])),
        ...pageRules,
    };
    return endpoint('GET', path, `list of ${returns}`, rules, ({ account }, params) => {
        const wanted = params;
        const given = filters.filter((filter) => wanted[filter] !== undefined);
        const { data, has_more } = shelfOf(account).list({
            limit: params.limit,
            startingAfter: params.starting_after,
            endingBefore: params.ending_before,
        }, (item) => isShown(item, account) &&
            (params.created?.(item.created) ?? true) &&
            given.every((filter) => item[filter] === wanted[filter]));
        return { object: 'list', data, has_more, url: path };
    });
}
