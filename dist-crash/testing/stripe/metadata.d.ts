import type { Metadata } from './stripe-objects';
/** Setting a key to an empty value drops it; an empty `metadata` (`null`) drops them all. */
export declare function mergeMetadata(current: Metadata, change: Record<string, string> | null | undefined): Metadata;
