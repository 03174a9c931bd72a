import type { AuditVerdict } from './audit/audit-chain';
import type { AuditEntry } from './audit/audit-entry';
import type { AuditEntryView } from './audit/audit-view';
import type { BrakeView } from './brakes/brake-view';
import type { BudgetPath } from './budgets/budget-request';
import type { BudgetSubjectView, BudgetView } from './budgets/budget-view';
import type { BrokerOptions } from './broker.options';
import { Clock } from './clock';
import type { ProxyAnswer, ProxyCall } from './forwarding/proxy';
import type { Subject } from './keys/issue-request';
import type { CurrentKeyView, KeyView } from './keys/key';
import type { LeaseView } from './leases/lease-request';
import type { HoldView } from './ledger/hold-view';
import type { AuditFilter, HoldFilter, KeyFilter, LedgerFigures, StoreCopy, StoreState } from './ledger/ledger';
export type { ProxyAnswer, ProxyCall };
/** What a broker is given by the process that it runs in. */
export interface BrokerHost {
    /**
     * Takes the lines of the log, without their ends.
     *
     * @default nothing is logged
     */
    log?: (line: string) => void;
    /** @default the machine's clock at the start, and the monotonic one from there */
    clock?: Clock;
    /**
     * Whether a later broker of this process may have the store: then this one is closed.
     *
     * @default it may not
     */
    givesWay?: () => boolean;
}
/** The answer to an issue, as the wire shows it. The only place a token is ever shown. */
export interface IssuedKeyBody {
    id: string;
    token: string;
    label: string;
    vendor: string;
    daily_usd_cap: number;
    allowed_endpoints: readonly string[];
    subject?: Subject;
    parent_id?: string;
    lease_id?: string;
    /** The application's own daily caps, in USD. */
    budgets?: Record<string, number>;
    created_at: string;
    expires_at: string;
}
/** A key for work in the broker's own process. */
export interface OwnKey {
    id: string;
    token: string;
    expiresAt: Date;
}
/** The answer to a revocation. */
export interface RevokedKeyBody {
    id: string;
    status: 'revoked';
    revoked_at: string;
}
/** A page of keys; `cursor` asks for the next one. */
export interface KeyPage {
    keys: readonly KeyView[];
    cursor?: string;
}
/** A page of holds; `cursor` asks for the next one. */
export interface HoldPage {
    holds: readonly HoldView[];
    cursor?: string;
}
/** A page of the audit log; `cursor` asks for the next one. */
export interface AuditPage {
    entries: readonly AuditEntryView[];
    cursor?: string;
}
/**
 * The broker itself: issues keys, forwards calls under them, keeps the ledger. No HTTP, no NestJS:
 * `vault-key-broker` serves it over a socket, `VaultKeyModule` calls it in its own process.
 */
export declare class Broker {
    #private;
    /**
     * As the constructor, but waits where another broker has the store: up to 10 s, for one that is
     * stopping.
     *
     * @throws BrokerOptionsError with every fault of the options.
     * @throws StoreInUseError where the store is still another broker's.
     * @throws DoubtfulStoreError where the store may not be the one that was left.
     * @throws Error where it cannot be opened.
     */
    static open(options: BrokerOptions, host?: BrokerHost): Promise<Broker>;
    /**
     * Opens the store, at once or not at all, and makes the broker ready.
     *
     * @param host What the process around it has to give.
     * @throws As {@link open}.
     */
    constructor(options: BrokerOptions, host?: BrokerHost);
    /** Whether a vendor of that name is configured. */
    hasVendor(name: string): boolean;
    /**
     * Issues a key.
     *
     * @param body What `POST /v1/keys` takes.
     * @throws BrokerRefusal 422 with every bad field, or 503.
     */
    issue(body: unknown, remoteAddress?: string): Promise<IssuedKeyBody>;
    /**
     * As {@link issue}, for work in this very process: the key is written down with the first call
     * under it, or within moments. Whoever could know its token is gone if the process dies before.
     */
    issueForOwnWork(body: unknown): Promise<OwnKey>;
    /**
     * Revokes a key. Once the promise resolves no call is admitted with it.
     *
     * @throws BrokerRefusal 404 where no key ever had the id, or 503.
     */
    revoke(id: string, remoteAddress?: string): Promise<RevokedKeyBody>;
    /**
     * Revokes up to 1,000 keys at once.
     *
     * @param body What `POST /v1/keys/revoke` takes.
     */
    revokeAll(body: unknown, remoteAddress?: string): Promise<{
        revoked: number;
        unknown: readonly string[];
    }>;
    /** @throws BrokerRefusal 404. */
    key(id: string): Promise<KeyView>;
    /** Keys, newest first; at most `limit` (1–1,000) of them. */
    keys(filter?: KeyFilter, limit?: number, cursor?: string): Promise<KeyPage>;
    /**
     * What a key may know about itself.
     *
     * @param token The key's own; absent where none was sent.
     * @throws BrokerRefusal 401, the same for every way in which a token can be wrong.
     */
    currentKey(token?: string): Promise<CurrentKeyView>;
    /**
     * Puts a daily cap over a subject, in place of the one that stands.
     *
     * @param body What `PUT /v1/budgets/{scope}/{id}` takes.
     * @throws BrokerRefusal 422 with every bad field, or 503.
     */
    putBudget(scope: string, id: string, body: unknown, remoteAddress?: string): Promise<BudgetView>;
    /** @throws BrokerRefusal 404. */
    budget(path: BudgetPath): Promise<BudgetView>;
    /** Every daily cap that an operator has set. */
    budgets(): Promise<{
        budgets: readonly BudgetView[];
    }>;
    /** @throws BrokerRefusal 404. */
    deleteBudget(path: BudgetPath, remoteAddress?: string): Promise<BudgetSubjectView & {
        status: 'removed';
    }>;
    /**
     * Stops a subject: new keys and calls with standing ones. Once the promise resolves no call of
     * the subject is admitted.
     *
     * @param body What `POST /v1/brakes` takes.
     * @returns The brake; its `hit` is null where the keys that it hit are still being counted, and
     * {@link brakes} tells it then.
     * @throws BrokerRefusal 422 with every bad field, or 503.
     */
    brake(body: unknown, remoteAddress?: string): Promise<BrakeView>;
    /** The brakes that stand, the oldest first. */
    brakes(): Promise<{
        brakes: readonly BrakeView[];
    }>;
    /**
     * Lifts a brake.
     *
     * @throws BrokerRefusal 404 where none of that id stands, or 503.
     */
    lift(id: string, remoteAddress?: string): Promise<{
        id: string;
        status: 'lifted';
        lifted_at: string;
    }>;
    /**
     * Begins a lease: a heartbeat under which keys can be issued, and with which they die.
     *
     * @param body What `POST /v1/leases` takes.
     * @throws BrokerRefusal 422, or 503.
     */
    beginLease(body: unknown): Promise<LeaseView>;
    /** @throws BrokerRefusal 404 where the lease was never there or has lapsed. */
    renewLease(id: string): Promise<LeaseView>;
    /**
     * Ends a lease, and with it every key issued under it.
     *
     * @throws BrokerRefusal 404 where the lease was never there.
     */
    endLease(id: string): Promise<{
        id: string;
        status: 'ended';
    }>;
    /** Holds, newest first; at most `limit` (1–1,000) of them. */
    holds(filter?: HoldFilter, limit?: number, cursor?: string): Promise<HoldPage>;
    /**
     * Ends a hold that is `unknown`: the vendor executed the call, for `usd`.
     *
     * @param body What `POST /v1/holds/{id}/settle` takes.
     * @throws BrokerRefusal 404, 422, or 503.
     */
    settleHold(id: string, body: unknown, remoteAddress?: string): Promise<HoldView>;
    /**
     * Ends a hold that is `unknown`: the vendor did not execute the call.
     *
     * @throws BrokerRefusal 404, 422, or 503.
     */
    releaseHold(id: string, remoteAddress?: string): Promise<HoldView>;
    /** The audit log, newest first, each call one entry; at most `limit` (1–1,000) of them. */
    audit(filter?: AuditFilter, limit?: number, cursor?: string): Promise<AuditPage>;
    /**
     * Walks the chain of the audit log.
     *
     * @param head A head kept elsewhere, which the log must still lead to.
     */
    verifyAudit(head?: string): Promise<AuditVerdict>;
    /** How busy the broker is, in counts. */
    figures(): Promise<LedgerFigures>;
    /** The rows of the audit log as they are chained, newest first; at most `limit` of them. */
    auditEntries(filter?: AuditFilter, limit?: number): Promise<AuditEntry[]>;
    /** The store's state; rejects where no decision can be taken. */
    state(): Promise<StoreState>;
    /**
     * Copies the store while it is in use: whole in one new file, as of the moment that the copy begins.
     * The audit key is not in it.
     *
     * @returns How large the copy is.
     * @throws Error where there is a file of that name, or it cannot be written.
     * @throws BrokerRefusal 404 where the store is in memory.
     */
    backup(file: string): Promise<{
        bytes: number;
    }>;
    /** As {@link backup}, for whoever reads the copy: at once, or to its end within a minute a MiB. */
    copy(): Promise<StoreCopy>;
    /** Puts a call through the proxy. Never rejects: what is refused is an answer too. */
    forward(call: ProxyCall): Promise<ProxyAnswer>;
    /** Whether it is closed, or about to be. */
    get isClosed(): boolean;
    /** Stops admitting, waits for what is under way, closes the store. */
    close(): Promise<void>;
}
