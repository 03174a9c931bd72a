import type { Broker } from '../broker/broker';
import type { BrokerOptions } from '../broker/broker.options';
import { BrokerClient } from './broker-client';
import type { Brake, BrakeRequest, BrokerDialect, IssueKeyRequest, IssueResult, KeyStanding, RevokeResult, VendorAnswer, VendorCall } from './broker-client';
/**
 * The broker in this process, for what only an operator asks: keys and their spend, budgets, brakes,
 * holds, the audit log.
 * Injectable where the module is configured with `embedded`; elsewhere each of its methods throws.
 *
 * @example
 * constructor(private readonly broker: EmbeddedBroker) {}
 *
 * liveKeys() {
 *   return this.broker.keys({ status: 'active' });
 * }
 */
export declare abstract class EmbeddedBroker implements Pick<Broker, keyof EmbeddedBroker> {
    abstract hasVendor: Broker['hasVendor'];
    abstract issue: Broker['issue'];
    abstract revoke: Broker['revoke'];
    abstract revokeAll: Broker['revokeAll'];
    abstract key: Broker['key'];
    abstract keys: Broker['keys'];
    abstract currentKey: Broker['currentKey'];
    abstract putBudget: Broker['putBudget'];
    abstract budget: Broker['budget'];
    abstract budgets: Broker['budgets'];
    abstract deleteBudget: Broker['deleteBudget'];
    abstract brake: Broker['brake'];
    abstract brakes: Broker['brakes'];
    abstract lift: Broker['lift'];
    abstract beginLease: Broker['beginLease'];
    abstract renewLease: Broker['renewLease'];
    abstract endLease: Broker['endLease'];
    abstract holds: Broker['holds'];
    abstract settleHold: Broker['settleHold'];
    abstract releaseHold: Broker['releaseHold'];
    abstract audit: Broker['audit'];
    abstract verifyAudit: Broker['verifyAudit'];
    abstract figures: Broker['figures'];
    abstract auditEntries: Broker['auditEntries'];
    abstract state: Broker['state'];
    abstract backup: Broker['backup'];
    abstract forward: Broker['forward'];
}
/** The broker in this process: each call is a function call, and no socket is opened for it. */
export declare class EmbeddedBrokerClient extends BrokerClient {
    #private;
    /** The broker behind this client. */
    readonly broker: Broker;
    private readonly life;
    readonly dialect: BrokerDialect;
    /**
     * Opens the store.
     * Waits up to 10 s for another broker that has it and is stopping.
     *
     * @throws Error where the options are not sound, or the store cannot be had.
     */
    static open(options: BrokerOptions): Promise<EmbeddedBrokerClient>;
    private constructor();
    /** Whether an application works with it: a later one of this process does not get its store. */
    set isNeeded(isNeeded: boolean);
    /**
     * Whether the broker is not to be reached through this client, as one that is down: no key is to
     * be had, no call is forwarded, no question answered. What ends keys still reaches it, so that an
     * application can shut down.
     */
    isDown: boolean;
    issue(request: IssueKeyRequest): Promise<IssueResult>;
    revoke(ids: readonly string[]): Promise<RevokeResult>;
    forward(call: VendorCall): Promise<VendorAnswer>;
    standing({ token, vendor, }: {
        token: string;
        vendor: string;
    }): Promise<KeyStanding>;
    brake(request: BrakeRequest): Promise<Brake>;
    lift(brakeId: string): Promise<void>;
    brakes(): Promise<readonly Brake[]>;
    beginLease(ttlSeconds: number): Promise<string>;
    renewLease(leaseId: string): Promise<boolean>;
    endLease(leaseId: string): Promise<void>;
    close(): Promise<void>;
}
/** What `EmbeddedBroker` is where the broker is a server. */
export declare function absentEmbeddedBroker(): EmbeddedBroker;
