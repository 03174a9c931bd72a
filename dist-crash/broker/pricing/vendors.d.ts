import type { Vendor } from './vendor';
/** The vendors this version knows, by name. */
export declare const vendors: ReadonlyMap<string, Vendor>;
