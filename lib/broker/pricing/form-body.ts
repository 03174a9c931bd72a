import { InvalidBodyError, ParameterSink } from './parameters';
import type { Parameter } from './parameters';

/**
 * Reads an `application/x-www-form-urlencoded` body strictly (WHATWG URL, section 5.1, without its
 * leniency): every pair has a name and one `=`, every escape is whole and gives UTF-8, no raw `;`.
 *
 * @param sink Takes each parameter as it is read.
 * @throws InvalidBodyError where it is malformed, or the sink takes a parameter no more.
 */
export function parseFormBody(text: string, sink = new ParameterSink()): readonly Parameter[] {
  if (text === '') return sink.parameters;
  if (text.includes(';')) throw new InvalidBodyError('the form holds a raw ";"');
  for (let start = 0; start <= text.length;) {
    const next = text.indexOf('&', start);
    const end = next === -1 ? text.length : next;
    const equals = text.indexOf('=', start);
    if (equals <= start || equals >= end) {
      throw new InvalidBodyError('the form holds a pair without a name or a "="');
    }
    const path = pathOf(decode(text.slice(start, equals)), sink);
    sink.add(path, decode(text.slice(equals + 1, end)));
    start = end + 1;
  }
  return sink.parameters;
}

/** `a[b][]` as `['a', 'b', '']`, no deeper than the sink takes. */
function pathOf(name: string, sink: ParameterSink): string[] {
  const top = name.indexOf('[');
  if (top === -1) {
    if (name.includes(']')) throw malformed(name);
    return [name];
  }
  const path = [name.slice(0, top)];
  if (top === 0 || path[0]?.includes(']') === true) throw malformed(name);
  for (let at = top; at < name.length;) {
    const close = name.indexOf(']', at);
    const part = name.slice(at + 1, close);
    if (name[at] !== '[' || close === -1 || part.includes('[')) throw malformed(name);
    sink.checkDepth(path);
    path.push(part);
    at = close + 1;
  }
  return path;
}

function decode(text: string): string {
  let decoded = text;
  if (/[%+]/.test(text)) {
    try {
      decoded = decodeURIComponent(text.replaceAll('+', ' '));
    } catch {
      throw new InvalidBodyError('the form holds an invalid escape');
    }
  }
  if (decoded.includes('\0')) throw new InvalidBodyError('the form holds a NUL character');
  return decoded;
}

function malformed(name: string): InvalidBodyError {
  return new InvalidBodyError(`the form holds the malformed name "${name.slice(0, 64)}"`);
}
