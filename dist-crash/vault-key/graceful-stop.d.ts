import type { BeforeApplicationShutdown, OnModuleDestroy } from '@nestjs/common';
import type { VaultKey } from './vault-key';
/** How long work in progress may go on once the application is told to stop: milliseconds. */
export declare const DEFAULT_SHUTDOWN_GRACE_MS = 10000;
/**
 * The end of an application, as its invocations meet it. It begins with the first hook that Nest
 * calls after a signal or `app.close()`, long before Nest waits for the HTTP server: from then on no
 * invocation begins. Those at work have a while to end, then their keys are revoked under them, those
 * of streams too, which no server ever sees the end of.
 */
export declare class GracefulStop implements OnModuleDestroy, BeforeApplicationShutdown {
    #private;
    constructor(graceMs?: number);
    /** Whether the application has been told to stop. */
    get begun(): boolean;
    /**
     * Lets work begin, unless the application is stopping.
     *
     * @param atWork Whether it is part of an invocation that is at work already.
     * @throws VaultKeyUnavailableException where it may not.
     */
    admit(atWork: boolean): void;
    /**
     * Counts an invocation in that has its key.
     *
     * @param end Ends it.
     * @returns What counts it out.
     */
    runOpened(end: () => void): () => void;
    /** Remembers a key that belongs to no invocation; nobody waits for its end. */
    keyIssued(key: VaultKey, end: () => void): void;
    keyRevoked(key: VaultKey): void;
    /** The first hook of a shutdown. */
    onModuleDestroy(): void;
    /** The last hook before Nest closes its servers, and with `forceCloseConnections` their connections. */
    beforeApplicationShutdown(): Promise<void>;
    /** Ends what is left. Again is harmless. */
    finish(): void;
}
