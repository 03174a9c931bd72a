"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.WITH_WAL = exports.WHOLE = void 0;
exports.hasContent = hasContent;
exports.createFile = createFile;
exports.checkNewFile = checkNewFile;
exports.checkParts = checkParts;
exports.asWhole = asWhole;
exports.writeHolder = writeHolder;
exports.removeHolder = removeHolder;
exports.readHolder = readHolder;
exports.syncFolder = syncFolder;
const node_fs_1 = require("node:fs");
const node_os_1 = require("node:os");
const node_path_1 = require("node:path");
/**
 * Kept in `PRAGMA application_id`, in the header of the file: whether all that was committed is in
 * the file itself, or a `-wal` beside it has a part.
 */
exports.WHOLE = 0x566b_4257;
exports.WITH_WAL = 0x566b_422b;
/** Where these stand in the header of a SQLite file. */
const HEADER_BYTES = 100;
const WRITE_VERSION = 18;
const READ_VERSION = 19;
const APPLICATION_ID = 68;
const IN_WAL_MODE = 2;
const IN_ROLLBACK_MODE = 1;
/** Whether a file is there, with at least one byte. */
function hasContent(file) {
    return ((0, node_fs_1.statSync)(file, { throwIfNoEntry: false })?.size ?? 0) > 0;
}
/**
 * Makes an empty file that only its owner can read. It is made under another name: to close a file
 * frees it of all locks that this process has on it.
 */
function createFile(file) {
    if ((0, node_fs_1.existsSync)(file))
        return;
    const draft = `${file}.${process.pid}.new`;
    (0, node_fs_1.closeSync)((0, node_fs_1.openSync)(draft, 'w', 0o600));
    try {
        (0, node_fs_1.linkSync)(draft, file);
    }
    catch (error) {
        if (error.code !== 'EEXIST')
            throw error;
    }
    finally {
        (0, node_fs_1.rmSync)(draft, { force: true });
    }
    syncFolder(file);
}
/**
 * @throws DoubtfulStoreError where there is nothing in the file, and its neighbours say that there was.
 */
function checkNewFile(file, doubts) {
    for (const end of ['.audit-key', '-wal']) {
        if (!hasContent(file + end))
            continue;
        doubts.raise('new-file', `The store ${file} is ${(0, node_fs_1.existsSync)(file) ? 'empty' : 'missing'}, and ${file}${end} of an earlier one is there: with a new store every cap would begin anew with nothing spent. Put the store back.`);
    }
    // Frames of another store must not be taken for this one's.
    (0, node_fs_1.rmSync)(`${file}-wal`, { force: true });
}
/**
 * @param handle Of the file, opened before the store is: to read it by another would free its locks.
 * @throws DoubtfulStoreError where a part of the store is missing beside it.
 * @throws Error where a part of another store is beside it.
 */
function checkParts(file, handle, doubts) {
    const wal = `${file}-wal`;
    // In this order: another process may be about to stop or to start.
    const sizeBefore = walSize(wal);
    const header = headerOf(handle);
    const sizeAfter = walSize(wal);
    if (header === undefined)
        return;
    const inWalMode = header[READ_VERSION] === IN_WAL_MODE;
    if (!inWalMode && sizeBefore !== undefined && sizeAfter !== undefined) {
        if (sizeBefore > 0 && sizeAfter > 0) {
            throw new Error(`The store ${file} was closed or copied as a whole, and ${wal} does not belong to it: move that file away.`);
        }
        (0, node_fs_1.rmSync)(wal, { force: true });
    }
    if (!inWalMode || sizeBefore !== undefined || sizeAfter !== undefined)
        return;
    if (header.readUInt32BE(APPLICATION_ID) === exports.WHOLE)
        return;
    doubts.raise('lost-wal', `The newest part of the store ${file} is missing: its broker did not close it, and there is no ${wal}. What was spent last is in that file: put it back.`);
}
/** The header of a copy that is whole in one file. */
function asWhole(header) {
    const whole = Buffer.from(header);
    whole[WRITE_VERSION] = IN_ROLLBACK_MODE;
    whole[READ_VERSION] = IN_ROLLBACK_MODE;
    whole.writeUInt32BE(exports.WHOLE, APPLICATION_ID);
    return whole;
}
/** Says beside the store which process has it, for one that would like to. */
function writeHolder(file) {
    try {
        (0, node_fs_1.writeFileSync)(`${file}.pid`, `${process.pid} ${(0, node_os_1.hostname)()}\n`, { mode: 0o600 });
    }
    catch {
        // It serves a message alone.
    }
}
function removeHolder(file) {
    (0, node_fs_1.rmSync)(`${file}.pid`, { force: true });
}
/** The process that has the store, by its own word. */
function readHolder(file) {
    try {
        const [, pid, host] = /^(\d+) (\S+)\n$/.exec((0, node_fs_1.readFileSync)(`${file}.pid`, 'utf8')) ?? [];
        return pid === undefined || host === undefined ? undefined : { pid: Number(pid), host };
    }
    catch {
        return undefined;
    }
}
/** Makes a name that was given or taken in a file's folder durable. */
function syncFolder(file) {
    // Windows has no handle on a folder, and writes its entries through.
    if (process.platform === 'win32')
        return;
    const folder = (0, node_fs_1.openSync)((0, node_path_1.dirname)(file), 'r');
    (0, node_fs_1.fsyncSync)(folder);
    (0, node_fs_1.closeSync)(folder);
}
function walSize(wal) {
    return (0, node_fs_1.statSync)(wal, { throwIfNoEntry: false })?.size;
}
function headerOf(handle) {
    const header = Buffer.alloc(HEADER_BYTES);
    return (0, node_fs_1.readSync)(handle, header, 0, HEADER_BYTES, 0) === HEADER_BYTES ? header : undefined;
}
