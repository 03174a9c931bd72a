import type { Brake } from '../../brakes/brake';
import type { Subject } from '../../keys/issue-request';
import type { KeyWithBalance } from '../../keys/key';
import type { KeyFilter, Page, PageRequest } from '../ledger';
import { Conditions } from './conditions';
import type { SqliteConnection } from './sqlite-driver';
/** A live key, as far as brakes and budgets look at it. */
export interface LiveKey {
    id: string;
    vendor: string;
    subject: Subject;
}
/** How far a walk over the live keys has come. */
export interface LivePosition {
    expiresAt: number;
    rowid: number;
}
export interface LiveSlice {
    keys: readonly LiveKey[];
    /** How many keys were stepped over to find these. */
    steps: number;
    /** Absent where no key is left. */
    next?: LivePosition;
}
/** What a list is asked for. */
export interface KeySearchRequest {
    filter: KeyFilter;
    page: PageRequest;
    now: number;
    brakes: readonly Brake[];
    /** How many keys are neither revoked nor expired. */
    unrevoked: number;
    /** The key as it is now, where the list shows it: the table may be behind. */
    show: (id: string) => KeyWithBalance | undefined;
}
/**
 * Searches in the table of keys: each in slices between which other work is done. To be asked once
 * all rows are written.
 */
export declare class KeySearch {
    #private;
    private readonly connection;
    constructor(connection: SqliteConnection);
    /** Newest first. A page may have fewer keys than its limit, and none, where the walk to the next was long. */
    page({ filter, page: { limit, cursor }, now, brakes, unrevoked, show, }: KeySearchRequest): Promise<Page<KeyWithBalance>>;
    /** A slice of the live keys of a scope; not all that it finds need be meant. */
    live(where: Conditions, from: LivePosition, now: number, limit: number): LiveSlice;
}
/** The keys among which are all that a brake stops. */
export declare function scopeOf({ scope, target, tenant }: Pick<Brake, 'scope' | 'target' | 'tenant'>): Conditions;
