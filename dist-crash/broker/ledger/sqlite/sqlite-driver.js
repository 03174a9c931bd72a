"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.SqliteDriverError = void 0;
exports.openConnection = openConnection;
/** The driver is not installed for this platform. It says nothing of any store. */
class SqliteDriverError extends Error {
    constructor(cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        const [binary] = /@libsql\/[\w-]+/.exec(reason) ?? [];
        const platform = `${process.platform}-${process.arch}, Node.js ${process.version}`;
        const missing = binary === undefined
            ? `the package libsql cannot be loaded on this platform (${platform}): ${reason.split('\n')[0]}`
            : `the package ${binary}, libsql's binary for this platform (${platform}), cannot be loaded`;
        super(`The SQLite driver is missing: ${missing}. Run npm install libsql on the platform it is to run on, with optional packages; a bundle needs libsql left out of it ("external") and installed beside it.`, { cause });
        this.name = 'SqliteDriverError';
    }
}
exports.SqliteDriverError = SqliteDriverError;
/**
 * Opens a file, or `:memory:`. The driver is loaded here and nowhere else, when a store is first opened.
 *
 * @throws SqliteDriverError where it is not installed.
 */
function openConnection(file) {
    return new (driver())(file);
}
function driver() {
    try {
        // A plain require of a plain name: bundlers see it, and have no file name to give.
        return require('libsql');
    }
    catch (error) {
        throw new SqliteDriverError(error);
    }
}
