import type { Brake } from '../../brakes/brake';
import type { KeySearch, LiveKey } from './key-search';
/** What the count needs of the ledger. */
export interface HitCountLedger {
    isHit: (key: LiveKey, brake: Brake, now: number) => boolean;
    /** Takes the result of a count that took longer than one slice. */
    note: (brake: Brake, hit: number) => void;
}
/** Counts how many live keys each brake has hit, in slices between which other work is done. */
export declare class HitCount {
    #private;
    private readonly search;
    private readonly ledger;
    constructor(search: KeySearch, ledger: HitCountLedger);
    /**
     * @param before How many are hit already that no search finds.
     * @returns How many it is, where one slice tells; else it is noted once it is known.
     */
    begin(brake: Brake, now: number, before: number): number | undefined;
    /** The brake was lifted. */
    end(brakeId: string): void;
    close(): void;
}
