"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.openStore = openStore;
exports.closeStore = closeStore;
const node_fs_1 = require("node:fs");
const audit_chain_1 = require("../../audit/audit-chain");
const store_doubt_1 = require("../store-doubt");
const audit_table_1 = require("./audit-table");
const chain_key_1 = require("./chain-key");
const open_stores_1 = require("./open-stores");
const schema_1 = require("./schema");
const latest_instant_1 = require("./latest-instant");
const sqlite_driver_1 = require("./sqlite-driver");
const store_copy_1 = require("./store-copy");
const store_file_1 = require("./store-file");
const CACHE_KIB = 16_384;
/** A disk that fails now and then takes the second attempt. */
const CLOSE_ATTEMPTS = 10;
/** From this version on the log is chained. */
const CHAINED_VERSION = 2;
/**
 * Opens a store, locks it for this process, and brings it to the schema of this version.
 *
 * @throws StoreInUseError where a broker has it.
 * @throws DoubtfulStoreError where it may not be the store that was left.
 * @throws Error where it cannot be opened, or is of a newer version.
 */
function openStore(file, settings) {
    if (file !== ':memory:')
        return openFile(file, settings);
    const connection = (0, sqlite_driver_1.openConnection)(file);
    connection.pragma(`cache_size = -${CACHE_KIB}`);
    const { auditKey } = settings;
    const key = auditKey === undefined ? (0, chain_key_1.passingChainKey)() : configuredKey(auditKey);
    const chain = new audit_chain_1.AuditChain(key.text);
    bringToSchema(connection, chain);
    return {
        connection,
        chain,
        latest: new latest_instant_1.LatestInstant(connection, settings.clock),
        close: once(() => closeStore(connection)),
        abandon: () => connection.close(),
    };
}
/** As {@link OpenStore.close}, for a connection of any kind. */
function closeStore(connection) {
    // First everything, then the word that this was everything.
    connection.pragma('wal_checkpoint(TRUNCATE)');
    connection.pragma(`application_id = ${store_file_1.WHOLE}`);
    connection.pragma('wal_checkpoint(TRUNCATE)');
    // The driver's close() keeps connection and lock until its statements are collected as garbage.
    connection.pragma('journal_mode = DELETE');
    connection.pragma('locking_mode = NORMAL');
    connection.prepare('SELECT COUNT(*) FROM sqlite_schema').get();
    connection.close();
}
function openFile(file, { auditKey, doubts, clock }) {
    (0, open_stores_1.checkNotOpenHere)(file);
    const wasEmpty = !(0, store_file_1.hasContent)(file);
    if (wasEmpty)
        (0, store_file_1.checkNewFile)(file, doubts);
    let connection;
    let handle;
    try {
        (0, store_file_1.createFile)(file);
        handle = (0, node_fs_1.openSync)(file, 'r');
        if (!wasEmpty)
            (0, store_file_1.checkParts)(file, handle, doubts);
        connection = (0, sqlite_driver_1.openConnection)(file);
        lock(connection, wasEmpty);
        const version = (0, schema_1.userVersion)(connection);
        const isChained = version >= CHAINED_VERSION;
        const key = auditKey === undefined ? (0, chain_key_1.chainKeyBeside)(file, isChained) : configuredKey(auditKey);
        const chain = new audit_chain_1.AuditChain(key.text);
        if (isChained && version <= schema_1.SCHEMA_VERSION)
            checkHead(connection, chain, key, file, doubts);
        bringToSchema(connection, chain, file);
        key.keep();
        const latest = new latest_instant_1.LatestInstant(connection, clock);
        latest.check(file, doubts);
        // The schema is in the file by now, which is never left as an empty header.
        connection.pragma('journal_mode = WAL');
        connection.exec('BEGIN IMMEDIATE');
        connection.exec('COMMIT');
        connection.pragma(`application_id = ${store_file_1.WITH_WAL}`);
        connection.pragma('wal_checkpoint(TRUNCATE)');
        (0, store_file_1.writeHolder)(file);
        const copier = new store_copy_1.StoreCopier(connection, handle);
        const close = closerOf(file, connection, handle, copier);
        return { connection, chain, latest, copier, close, abandon: () => void tryToClose(close) };
    }
    catch (error) {
        const code = error.code;
        const isBusy = typeof code === 'string' && code.startsWith('SQLITE_BUSY');
        const mine = connection;
        const isFree = mine === undefined || isBusy || tryToClose(() => closeStore(mine));
        if (!isFree || isBusy)
            mine?.close();
        // Where another thread of this process has the lock, to close the file would free it.
        const holder = isBusy ? (0, store_file_1.readHolder)(file) : undefined;
        if (handle !== undefined && isFree && holder?.pid !== process.pid)
            (0, node_fs_1.closeSync)(handle);
        if (isBusy)
            throw new store_doubt_1.StoreInUseError(file, holder);
        if (error instanceof Error && code === undefined)
            throw error;
        throw new Error(`The store ${file} cannot be opened: ${error.message}`);
    }
}
/** Whether a store that could not be opened could be closed. */
function tryToClose(close) {
    for (let left = CLOSE_ATTEMPTS; left > 0; left--) {
        try {
            close();
            return true;
        }
        catch {
            // What is told is why the store could not be opened.
        }
    }
    return false;
}
function closerOf(file, connection, handle, copier) {
    const close = once(() => {
        copier.stop();
        closeStore(connection);
        noteClosed();
        (0, store_file_1.removeHolder)(file);
        (0, node_fs_1.closeSync)(handle);
    });
    const noteClosed = (0, open_stores_1.noteOpen)(file, close);
    return close;
}
/** Does a work until it is done, and then no more. */
function once(work) {
    let isDone = false;
    return () => {
        if (!isDone)
            work();
        isDone = true;
    };
}
/** Locks a store for good: a second process fails here, and not at its first write. */
function lock(connection, wasEmpty) {
    connection.pragma('locking_mode = EXCLUSIVE');
    connection.pragma('synchronous = FULL');
    connection.pragma(`cache_size = -${CACHE_KIB}`);
    if (!wasEmpty)
        connection.pragma('journal_mode = WAL');
    connection.exec('BEGIN EXCLUSIVE');
    connection.exec('COMMIT');
}
function bringToSchema(connection, chain, file = ':memory:') {
    (0, schema_1.migrate)(connection, file, (from) => {
        if (from === 0)
            connection.pragma(`application_id = ${store_file_1.WHOLE}`);
        if (from >= 3)
            return;
        new audit_table_1.AuditTable(connection, chain).adopt(schema_1.AUDIT_BEFORE_3, from === CHAINED_VERSION);
        connection.exec(`DROP TABLE ${schema_1.AUDIT_BEFORE_3}`);
    });
}
function configuredKey(text) {
    return { text, origin: 'the audit key that is configured', keep: () => { } };
}
/** @throws DoubtfulStoreError where the head of the log is not sealed with the key. */
function checkHead(connection, chain, { origin }, file, doubts) {
    const head = connection.prepare('SELECT count, mac, seal FROM audit_head WHERE id = 1').get();
    if (head !== undefined && chain.seal(head) === head.seal)
        return;
    doubts.raise('other-audit-key', `The head of the audit log in ${file} is not sealed with ${origin}: the key is another one, or the log was changed. Give the key that the store was made with: with another one the log never verifies again.`);
}
