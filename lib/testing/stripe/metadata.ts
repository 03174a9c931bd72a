import type { Metadata } from './stripe-objects';

/** Setting a key to an empty value drops it; an empty `metadata` (`null`) drops them all. */
export function mergeMetadata(
  current: Metadata,
  change: Record<string, string> | null | undefined,
): Metadata {
  if (change === undefined) return current;
  if (change === null) return {};
  return Object.fromEntries(
    Object.entries({ ...current, ...change }).filter(([, value]) => value !== ''),
  );
}
