"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.GracefulStop = exports.DEFAULT_SHUTDOWN_GRACE_MS = void 0;
const common_1 = require("@nestjs/common");
const vault_key_unavailable_exception_1 = require("../exceptions/vault-key-unavailable.exception");
/** How long work in progress may go on once the application is told to stop: milliseconds. */
exports.DEFAULT_SHUTDOWN_GRACE_MS = 10_000;
/**
 * The end of an application, as its invocations meet it. It begins with the first hook that Nest
 * calls after a signal or `app.close()`, long before Nest waits for the HTTP server: from then on no
 * invocation begins. Those at work have a while to end, then their keys are revoked under them, those
 * of streams too, which no server ever sees the end of.
 */
class GracefulStop {
    #graceMs;
    #logger = new common_1.Logger('VaultKeyShutdown');
    /** What ends each invocation at work. */
    #runs = new Set();
    /** What ends each key that belongs to no invocation, and the timer of its expiry. */
    #keys = new Map();
    #onIdle = new Set();
    #timer;
    #begun = false;
    #over = false;
    constructor(graceMs = exports.DEFAULT_SHUTDOWN_GRACE_MS) {
        this.#graceMs = graceMs;
    }
    /** Whether the application has been told to stop. */
    get begun() {
        return this.#begun;
    }
    /**
     * Lets work begin, unless the application is stopping.
     *
     * @param atWork Whether it is part of an invocation that is at work already.
     * @throws VaultKeyUnavailableException where it may not.
     */
    admit(atWork) {
        if (this.#over || (this.#begun && !atWork)) {
            throw new vault_key_unavailable_exception_1.VaultKeyUnavailableException({
                message: 'The application is shutting down, so no vault key was asked for. Nothing was run.',
            });
        }
    }
    /**
     * Counts an invocation in that has its key.
     *
     * @param end Ends it.
     * @returns What counts it out.
     */
    runOpened(end) {
        this.#runs.add(end);
        return () => {
            this.#runs.delete(end);
            this.#checkIdle();
        };
    }
    /** Remembers a key that belongs to no invocation; nobody waits for its end. */
    keyIssued(key, end) {
        const timer = setTimeout(() => this.#keys.delete(key), key.expiresAt.getTime() - Date.now());
        this.#keys.set(key, { end, timer: timer.unref() });
    }
    keyRevoked(key) {
        clearTimeout(this.#keys.get(key)?.timer);
        this.#keys.delete(key);
    }
    /** The first hook of a shutdown. */
    onModuleDestroy() {
        if (this.#begun)
            return;
        this.#begun = true;
        this.#timer = setTimeout(() => this.finish(), this.#graceMs);
    }
    /** The last hook before Nest closes its servers, and with `forceCloseConnections` their connections. */
    async beforeApplicationShutdown() {
        if (this.#runs.size > 0 && !this.#over) {
            await new Promise((resolve) => this.#onIdle.add(resolve));
        }
        this.#timer?.unref();
    }
    /** Ends what is left. Again is harmless. */
    finish() {
        if (this.#over)
            return;
        this.#begun = true;
        this.#over = true;
        clearTimeout(this.#timer);
        if (this.#runs.size > 0) {
            this.#logger.warn(`${this.#runs.size} invocation(s) were still at work ${this.#graceMs / 1_000} s after the application was told to stop. Their vault keys are revoked now, and their vendor calls refused. The option shutdownGrace gives them longer.`);
        }
        for (const end of this.#runs)
            end();
        for (const { end } of this.#keys.values())
            end();
        this.#checkIdle();
    }
    #checkIdle() {
        if (this.#runs.size > 0)
            return;
        for (const idle of this.#onIdle)
            idle();
        this.#onIdle.clear();
    }
}
exports.GracefulStop = GracefulStop;
