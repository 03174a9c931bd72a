import { isCanonicalSegment } from './target';

const METHODS: ReadonlySet<string> = new Set([
  'GET',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'HEAD',
  'OPTIONS',
]);
const MAX_PATTERN = 512;

/** An allowed endpoint: `[METHOD ]/segment/…`, where `*` matches exactly one segment. */
export interface Pattern {
  /** Absent: GET and POST. */
  method?: string;
  segments: readonly string[];
}

/**
 * Reads one pattern. `prefix` is the vendor's path prefix (`/v1/` for Stripe), below which every
 * pattern must lie.
 */
export function parsePattern(pattern: string, prefix = '/v1/'): Pattern | { fault: string } {
  if (pattern.length > MAX_PATTERN) return { fault: `is longer than ${MAX_PATTERN} characters` };
  const space = pattern.indexOf(' ');
  const method = space === -1 ? undefined : pattern.slice(0, space);
  const path = space === -1 ? pattern : pattern.slice(space + 1);
  if (method !== undefined && !METHODS.has(method)) {
    return { fault: `begins with "${method.slice(0, 32)}", which is no HTTP method in capitals` };
  }
  if (!path.startsWith(prefix)) return { fault: `must begin with ${prefix}` };
  const segments = path.slice(1).split('/');
  for (const segment of segments) {
    if (segment === '') return { fault: 'has an empty segment' };
    if (segment === '*' || isCanonicalSegment(segment)) continue;
    return {
      fault: segment.includes('*')
        ? `has the segment "${segment}": "*" matches exactly one whole segment`
        : `has the segment "${segment}", which no call can have`,
    };
  }
  return method === undefined ? { segments } : { method, segments };
}

/** What is wrong with a pattern, in words; `undefined` where nothing is. */
export function patternFault(pattern: string, prefix?: string): string | undefined {
  const parsed = parsePattern(pattern, prefix);
  return 'fault' in parsed ? parsed.fault : undefined;
}

/** Whether any of the patterns grants the call. Case counts. */
export function isAllowed(
  patterns: readonly Pattern[],
  method: string,
  segments: readonly string[],
): boolean {
  return patterns.some((pattern) => grants(pattern, method, segments));
}

/**
 * The path of the first pattern that grants a call, `{id}` in place of each `*`: what calls on different
 * objects have in common.
 */
export function templateOf(
  patterns: readonly Pattern[],
  method: string,
  segments: readonly string[],
): string | undefined {
  const granting = patterns.find((pattern) => grants(pattern, method, segments));
  return granting?.segments.map((segment) => `/${segment === '*' ? '{id}' : segment}`).join('');
}

function grants(pattern: Pattern, method: string, segments: readonly string[]): boolean {
  if (pattern.method === undefined) {
    if (method !== 'GET' && method !== 'POST') return false;
  } else if (pattern.method !== method) {
    return false;
  }
  return (
    pattern.segments.length === segments.length &&
    pattern.segments.every((segment, i) => segment === '*' || segment === segments[i])
  );
}

const MAX_KNOWN = 1_024;
const known = new Map<string, readonly Pattern[]>();

/** Patterns as {@link isAllowed} takes them, those without a fault. The same few come with key after key. */
export function validPatterns(patterns: readonly string[]): readonly Pattern[] {
  const name = patterns.join('\n');
  const read = known.get(name);
  if (read !== undefined) return read;
  const valid = patterns
    .map((pattern) => parsePattern(pattern))
    .filter((pattern): pattern is Pattern => !('fault' in pattern));
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(name, valid);
  return valid;
}
