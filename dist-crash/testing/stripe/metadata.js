"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.mergeMetadata = mergeMetadata;
/** Setting a key to an empty value drops it; an empty `metadata` (`null`) drops them all. */
function mergeMetadata(current, change) {
    if (change === undefined)
        return current;
    if (change === null)
        return {};
    return Object.fromEntries(Object.entries({ ...current, ...change }).filter(([, value]) => value !== ''));
}
