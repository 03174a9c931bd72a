"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.rememberKey = rememberKey;
exports.keyOf = keyOf;
exports.toolNameOf = toolNameOf;
exports.hasMinifiedName = hasMinifiedName;
const routed_methods_1 = require("./routed-methods");
/** The longest name that minifiers commonly give to a class. */
const MINIFIED = 2;
const keys = new WeakMap();
/** Remembers the property that a mark stands on, or that a function is kept under. */
function rememberKey(markOrMethod, key) {
    keys.set(markOrMethod, key);
}
/** The property of a class that a handler is kept under; `undefined` where it is not to be found. */
function keyOf(handler, host, mark) {
    const known = (mark === undefined ? undefined : keys.get(mark)) ?? keys.get(handler);
    if (known !== undefined)
        return known;
    for (let owner = host.prototype; owner !== null; owner = Reflect.getPrototypeOf(owner)) {
        for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
            if (value !== handler)
                continue;
            keys.set(handler, key);
            return key;
        }
    }
    return undefined;
}
/** What budgets, brakes and the audit log know a tool by. */
function toolNameOf({ mark, host, key, method }) {
    return mark.tool ?? (0, routed_methods_1.mcpNameOf)(method) ?? `${host.name}.${key}`;
}
/** Whether a tool is named by its class, whose name a minifier may have made. */
function hasMinifiedName({ mark, host, method }) {
    return mark.tool === undefined && (0, routed_methods_1.mcpNameOf)(method) === undefined && host.name.length <= MINIFIED;
}
