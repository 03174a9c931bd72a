"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.instantText = instantText;
let lastMs = Number.NaN;
let lastText = '';
/** An instant as ISO 8601 in UTC. Many are asked for within one millisecond. */
function instantText(ms) {
    if (ms !== lastMs) {
        lastText = new Date(ms).toISOString();
        lastMs = ms;
    }
    return lastText;
}
