"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.StoreCopier = void 0;
exports.writeCopy = writeCopy;
const node_fs_1 = require("node:fs");
const node_util_1 = require("node:util");
const store_file_1 = require("./store-file");
const CHUNK_BYTES = 1_048_576;
/** How long the reader of a copy may stand still: meanwhile the `-wal` grows. */
const STANDSTILL_MS = 60_000;
const DEFAULT_CHECKPOINT_PAGES = 1_000;
const readAt = (0, node_util_1.promisify)(node_fs_1.read);
const writeAll = (0, node_util_1.promisify)(node_fs_1.write);
/**
 * Copies a store that is in use. All that is committed is brought into the file, which then stays as
 * it is until the copy is read: what is committed meanwhile is in the `-wal` alone.
 */
class StoreCopier {
    connection;
    handle;
    #last = Promise.resolve();
    #stop = () => { };
    /** @param handle Of the file, opened before it was locked: closing any other would free the lock. */
    constructor(connection, handle) {
        this.connection = connection;
        this.handle = handle;
    }
    /** Begins a copy, once the one before it is done. */
    async begin() {
        let done = () => { };
        const before = this.#last;
        this.#last = new Promise((resolve) => (done = resolve));
        await before;
        const { connection } = this;
        const life = new CopyLife(() => {
            connection.pragma(`wal_autocheckpoint = ${DEFAULT_CHECKPOINT_PAGES}`);
            done();
        });
        this.#stop = () => life.end();
        try {
            connection.pragma('wal_autocheckpoint = 0');
            connection.pragma('wal_checkpoint(TRUNCATE)');
            const { pages } = connection
                .prepare('SELECT page_count * page_size AS pages FROM pragma_page_count(), pragma_page_size()')
                .get();
            return { bytes: pages, chunks: this.#chunks(pages, life) };
        }
        catch (error) {
            life.end();
            throw error;
        }
    }
    /** Breaks off the copy that is on its way: the file is about to change, or to be closed. */
    stop() {
        this.#stop();
    }
    async *#chunks(bytes, life) {
        try {
            for (let at = 0; at < bytes;) {
                life.check();
                const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, bytes - at));
                const { bytesRead } = await readAt(this.handle, chunk, 0, chunk.length, at);
                life.check();
                if (bytesRead !== chunk.length)
                    throw new Error('the store ended before its last page');
                life.goOn();
                yield at === 0 ? (0, store_file_1.asWhole)(chunk) : chunk;
                at += chunk.length;
            }
        }
        finally {
            life.end();
        }
    }
}
exports.StoreCopier = StoreCopier;
/** How long the file has to stay as it is for a copy. */
class CopyLife {
    onEnd;
    #timer;
    #isOver = false;
    constructor(onEnd) {
        this.onEnd = onEnd;
        this.#timer = this.#newTimer();
    }
    check() {
        if (this.#isOver) {
            throw new Error('the copy was broken off: it was not read for a minute, or the broker stops');
        }
    }
    goOn() {
        clearTimeout(this.#timer);
        this.#timer = this.#newTimer();
    }
    end() {
        clearTimeout(this.#timer);
        if (this.#isOver)
            return;
        this.#isOver = true;
        this.onEnd();
    }
    #newTimer() {
        return setTimeout(() => this.end(), STANDSTILL_MS).unref();
    }
}
/**
 * Writes a copy to a new file, which is whole or not there.
 *
 * @throws Error where there is a file of that name, or the copy cannot be written.
 */
async function writeCopy({ bytes, chunks }, file) {
    const handle = (0, node_fs_1.openSync)(file, 'wx', 0o600);
    let written = 0;
    try {
        for await (const chunk of chunks) {
            for (let at = 0; at < chunk.length;) {
                at += (await writeAll(handle, chunk, at, chunk.length - at)).bytesWritten;
            }
            written += chunk.length;
        }
        if (written !== bytes)
            throw new Error(`only ${written} of ${bytes} bytes came`);
        (0, node_fs_1.fsyncSync)(handle);
    }
    catch (error) {
        (0, node_fs_1.closeSync)(handle);
        (0, node_fs_1.rmSync)(file, { force: true });
        throw error;
    }
    (0, node_fs_1.closeSync)(handle);
    (0, store_file_1.syncFolder)(file);
}
