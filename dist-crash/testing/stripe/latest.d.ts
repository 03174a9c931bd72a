/** As many of the latest as its bound says, in the order they came: what is older makes room. */
export declare class LatestMap<K, V> extends Map<K, V> {
    #private;
    constructor(bound: number);
    set(key: K, value: V): this;
}
/** As {@link LatestMap}, of items that have no key. */
export declare class LatestItems<T> {
    #private;
    constructor(bound: number);
    /** Oldest first. */
    get all(): readonly T[];
    /** How many made room for later ones. */
    get forgotten(): number;
    add(item: T): void;
    clear(): void;
}
