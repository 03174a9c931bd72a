import type { Balance } from '../../keys/key';
import type { MicroUsd } from '../../money/usd';
import type { ReportedObject } from '../../pricing/price';
import type { KnownObject } from '../decide';
import type { HoldFilter, HoldRecord, PageRequest } from '../ledger';
import { Rows } from './rows';
import type { SqliteConnection } from './sqlite-driver';
/** A hold that begins. */
export interface NewHold {
    callId: string;
    keyId: string;
    vendor: string;
    account: string;
    /** The object it adds to, where the call named one. */
    rootId: string | null;
    micros: MicroUsd;
    /** The balances it stands in: the key's, its parents', each budget's of the day. */
    chargedTo: readonly string[];
    idempotencyKeyHash: string | null;
    now: number;
}
export interface StoredHold extends HoldRecord {
    /** `chargedTo` as the table has it. */
    chargedToText: string;
}
/** Money: balances, the holds that stand in them, and what is known of the vendor's objects. */
export declare class HoldTable {
    #private;
    private readonly connection;
    constructor(connection: SqliteConnection);
    get rows(): Rows<never>[];
    balance(name: string): Balance;
    /** Opens a balance; one that exists stays as it is. */
    openBalance(name: string): void;
    insert(hold: NewHold): void;
    get(callId: string): StoredHold | undefined;
    /** Ends a hold that is open: what it held is spent by `settledMicros`, or not at all. */
    end(hold: StoredHold, state: 'settled' | 'released', settledMicros: MicroUsd, rootId: string | null, now: number): void;
    /** Raises what a settled hold has spent. */
    raise(hold: StoredHold, micros: MicroUsd): void;
    /** Names the object that a hold was for. */
    link(hold: StoredHold, rootId: string): void;
    markUnknown(hold: StoredHold): void;
    /** What was in flight when its process died: nobody knows what became of it. To be done before anything else. */
    markAllUnknown(): void;
    /**
     * Lowers an object's exposure to `finalMicros`, the newest holds first, where each was charged.
     *
     * @returns What each hold gave back.
     */
    giveBack(vendor: string, account: string, rootId: string, finalMicros: MicroUsd): {
        hold: StoredHold;
        micros: MicroUsd;
    }[];
    /** How many holds have no end yet, by state. */
    get openCounts(): {
        held: number;
        unknown: number;
    };
    committed(): void;
    rolledBack(): void;
    /** What an object may cost, by what is settled of it. */
    exposure(vendor: string, account: string, rootId: string): MicroUsd;
    object(vendor: string, account: string, id: string): KnownObject | undefined;
    /** The id under which an object's money is counted. */
    rootOf(vendor: string, account: string, id: string): string;
    /** Whether any other call on an object is under way, or has begun since a call did. */
    isTouched(vendor: string, account: string, rootId: string, callId: string): boolean;
    /** What an answer says of an object; a lower amount than was known counts only where it may. */
    learn(vendor: string, account: string, object: ReportedObject, mayLower: boolean): void;
    /**
     * Newest first. To be asked once all rows are written.
     *
     * @param stranded The ids of holds that are `held` while no call is under way on them: they are
     * listed with those that are `unknown`, since they can be ended like them.
     */
    page(filter: HoldFilter, { limit, cursor }: PageRequest, stranded?: readonly string[]): (HoldRecord & {
        position: number;
    })[];
}
