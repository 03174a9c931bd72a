const SEGMENT = /^[A-Za-z0-9_](?:[A-Za-z0-9_~.-]*[A-Za-z0-9_~-])?$/;
const PRINTABLE_ASCII = /^[\x21-\x7e]*$/;
const MAX_PATH = 2_048;
const MAX_TARGET = 8_192;

/** A vendor target in canonical form: what was matched is, byte for byte, what is forwarded. */
export interface Target {
  path: string;
  segments: readonly string[];
  /** Without the `?`; absent where the target has none. */
  query?: string;
}

/** Whether one path segment is of the form the broker forwards: nothing in it needs decoding. */
export function isCanonicalSegment(segment: string): boolean {
  return SEGMENT.test(segment);
}

/**
 * Reads a request target. Nothing is normalised: a target that is not in canonical form has a
 * fault, which the caller is told in words.
 */
export function parseTarget(target: string): Target | { fault: string } {
  if (!target.startsWith('/')) return { fault: 'the target must begin with a slash' };
  if (target.length > MAX_TARGET) return { fault: `the target is longer than ${MAX_TARGET} bytes` };
  if (!PRINTABLE_ASCII.test(target)) {
    return { fault: 'the target holds a character that is not printable ASCII' };
  }
  if (target.includes('#')) return { fault: 'the target holds a fragment (#)' };

  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  if (path.length > MAX_PATH) return { fault: `the path is longer than ${MAX_PATH} bytes` };
  const segments = path.slice(1).split('/');
  for (const segment of segments) {
    if (segment === '') return { fault: 'the path holds an empty segment' };
    if (!isCanonicalSegment(segment)) {
      return {
        fault: `the path segment "${segment.slice(0, 64)}" is not of letters, digits, "_", "~", "." and "-", begun by a letter, digit or "_" and not ended by "."`,
      };
    }
  }
  return mark === -1 ? { path, segments } : { path, segments, query: target.slice(mark + 1) };
}

/** What is wrong with a target, in words; `undefined` where it is in canonical form. */
export function targetFault(target: string): string | undefined {
  const parsed = parseTarget(target);
  return 'fault' in parsed ? parsed.fault : undefined;
}

/**
 * What is wrong with a query that is not read: it may hold only `expand[]`, since all else could be
 * read by the vendor as a parameter that was not priced.
 */
export function writeQueryFault(query: string): string | undefined {
  // Some form parsers (Rack's, for long) take ";" for "&".
  if (query.includes(';')) return 'the query of a call other than GET and DELETE must not hold ";"';
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=');
    const name = equals === -1 ? pair : pair.slice(0, equals);
    if (!/^expand(?:\[|%5[Bb])(?:\]|%5[Dd])$/.test(name)) {
      return 'the query of a call other than GET and DELETE may hold only expand[]';
    }
  }
  return undefined;
}
