"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.checkNotOpenHere = checkNotOpenHere;
exports.noteOpen = noteOpen;
exports.offerStore = offerStore;
exports.askForStore = askForStore;
exports.closeWhenForgotten = closeWhenForgotten;
const node_fs_1 = require("node:fs");
const store_doubt_1 = require("../store-doubt");
const STORES = Symbol.for('nestjs-vault-key:open-stores');
/**
 * The stores that this process has open, for every copy of this package in it. SQLite's locks are
 * the process's: a second connection must not so much as open and close the file.
 */
const stores = (globalThis[STORES] ??= new Map());
/** @throws StoreInUseError where this process has the store open. */
function checkNotOpenHere(file) {
    if (stores.has(nameOf(file)))
        throw new store_doubt_1.StoreInUseError(file, 'this process');
}
/**
 * Notes that a store is open.
 *
 * @param close Is called where the process ends before the store is closed.
 * @returns Notes that it is closed.
 */
function noteOpen(file, close) {
    const name = nameOf(file);
    if (stores.size === 0)
        process.on('exit', closeAll);
    stores.set(name, { close });
    return () => {
        stores.delete(name);
        if (stores.size === 0)
            process.off('exit', closeAll);
    };
}
/** Says how a store that is open here can be had by a later broker of this process. */
function offerStore(file, giveWay) {
    const store = stores.get(nameOf(file));
    if (store !== undefined)
        store.giveWay = giveWay;
}
/** Asks for a store that this process has open; false where it is needed. */
async function askForStore(file) {
    return (await stores.get(nameOf(file))?.giveWay?.()) ?? false;
}
/** Has a store closed once its owner, which was never closed, is collected as garbage. */
function closeWhenForgotten(owner, close) {
    forgotten.register(owner, close);
}
const forgotten = new FinalizationRegistry(closeQuietly);
function closeAll() {
    for (const { close } of stores.values())
        closeQuietly(close);
}
function closeQuietly(close) {
    try {
        close();
    }
    catch {
        // The `-wal` beside the file has what the disk did not take into it.
    }
}
/** One name for a file, whatever path leads to it. */
function nameOf(file) {
    const stat = (0, node_fs_1.statSync)(file, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? '' : `${stat.dev}:${stat.ino}`;
}
