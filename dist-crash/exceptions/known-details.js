"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.knownDetails = knownDetails;
/** The details that are known: an answer names no field it has nothing to say about. */
function knownDetails(details) {
    return Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined));
}
