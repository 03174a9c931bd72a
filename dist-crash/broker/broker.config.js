"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.readConfigFile = readConfigFile;
exports.parseConfig = parseConfig;
const node_fs_1 = require("node:fs");
const broker_options_1 = require("./broker.options");
const vendor_options_1 = require("./vendor.options");
const MAX_CONFIG_BYTES = 1_048_576;
/**
 * Reads a config file.
 *
 * @throws BrokerOptionsError with every fault, each with its path in the file.
 * @throws Error where the file cannot be read.
 */
function readConfigFile(file) {
    const bytes = (0, node_fs_1.readFileSync)(file);
    if (bytes.length > MAX_CONFIG_BYTES) {
        throw new broker_options_1.BrokerOptionsError([
            { path: '', message: `is larger than ${MAX_CONFIG_BYTES} bytes` },
        ]);
    }
    return parseConfig(bytes.toString('utf8'));
}
/** @throws BrokerOptionsError with every fault of the text as a config file. */
function parseConfig(text) {
    let config;
    try {
        config = JSON.parse(text);
    }
    catch (error) {
        throw new broker_options_1.BrokerOptionsError([
            { path: '', message: `is no JSON: ${error.message.replace(/\s+/g, ' ')}` },
        ]);
    }
    const faults = configFaults(config);
    const twice = nameGivenTwice(text);
    if (twice !== undefined) {
        faults.push({ path: twice.slice(0, 64), message: 'is given twice in one object' });
    }
    if (faults.length > 0)
        throw new broker_options_1.BrokerOptionsError(faults);
    return config;
}
function configFaults(config) {
    const faults = [];
    const fault = (path, message) => {
        faults.push({ path, message });
    };
    if (!(0, vendor_options_1.isObject)(config))
        return [{ path: '', message: 'must hold one JSON object' }];
    (0, vendor_options_1.unknownKeys)(config, ['vendors', 'limits'], '', fault);
    const { vendors } = config;
    if (vendors !== undefined && !(0, vendor_options_1.isObject)(vendors)) {
        fault('vendors', 'must be an object of vendors by name');
    }
    for (const [name, rules] of Object.entries((0, vendor_options_1.isObject)(vendors) ? vendors : {})) {
        if ((0, vendor_options_1.isObject)(rules))
            (0, vendor_options_1.unknownKeys)(rules, vendor_options_1.VENDOR_RULES, `vendors.${name}`, fault);
    }
    (0, broker_options_1.brokerRuleFaults)(config, fault);
    return faults;
}
/** A name that stands twice in one object, where `JSON.parse` would take the last in silence. */
function nameGivenTwice(json) {
    const open = [];
    for (const [token] of json.matchAll(/[{}]|"(?:[^"\\]|\\.)*"(?:\s*:)?/g)) {
        if (token === '{')
            open.push(new Set());
        else if (token === '}')
            open.pop();
        else if (token.endsWith(':')) {
            const name = JSON.parse(token.slice(0, -1));
            if (open.at(-1)?.has(name) === true)
                return name;
            open.at(-1)?.add(name);
        }
    }
    return undefined;
}
