"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.rememberMark = rememberMark;
exports.isOwnMark = isOwnMark;
exports.copiesFault = copiesFault;
exports.foreignMarkFault = foreignMarkFault;
const node_path_1 = require("node:path");
const PLACES = Symbol.for('nestjs-vault-key:places');
const shared = globalThis;
const places = (shared[PLACES] ??= new Set());
// In a bundle of ES modules there is no __dirname.
const own = typeof __dirname === 'string' ? (0, node_path_1.resolve)(__dirname, '../..') : (process.argv[1] ?? 'a bundle');
places.add(own);
const ownMarks = new WeakSet();
/** Remembers a mark that the decorator of this copy of the package has made. */
function rememberMark(mark) {
    ownMarks.add(mark);
}
/** Whether a mark was made by this copy of the package. */
function isOwnMark(mark) {
    return ownMarks.has(mark);
}
/**
 * What is wrong where this process has loaded the package from several places: what one copy marks,
 * injects or throws is not known to the other.
 */
function copiesFault() {
    if (places.size < 2)
        return undefined;
    return {
        where: 'nestjs-vault-key',
        message: `is loaded in ${places.size} copies, of which none knows what another one marks: ${[...places].join(' and ')}`,
        example: 'the same version in every package.json of the workspace and its peers resolved once, such as with pnpm dedupe, so that there is one copy',
    };
}
/** What is wrong with a mark of another copy of the package, or of this one loaded again. */
function foreignMarkFault(where) {
    return {
        where,
        message: `is marked by the @AgentTool of another copy of nestjs-vault-key than VaultKeyModule is of (loaded from ${[...places].join(' and ')})`,
        example: 'one version of nestjs-vault-key in the process, loaded once',
    };
}
