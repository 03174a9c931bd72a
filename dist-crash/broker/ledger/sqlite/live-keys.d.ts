/** What is counted of a key. */
interface CountedKey {
    expiresAt: number;
    lease?: {
        id: string;
    };
}
/**
 * How many keys live, without a look at the keys: kept with every issue and revocation that was
 * committed, and with the passing of time. Some bytes a key.
 */
export declare class LiveKeys {
    #private;
    add({ expiresAt, lease }: CountedKey): void;
    remove({ expiresAt, lease }: CountedKey): void;
    /**
     * @returns `live`: neither expired nor revoked, and their leases alive; `unrevoked`: neither
     * expired nor revoked, whatever their leases say.
     */
    count(now: number, leaseExpiry: (id: string) => number | undefined): {
        live: number;
        unrevoked: number;
    };
}
export {};
