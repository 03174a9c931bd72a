import { isAllowed, parsePattern } from '../../../lib/contract/pattern';
import { mutated, seedsOf } from '../mutation';
import { must, mustEqual } from '../target';
import type { FuzzTarget } from '../target';
import { isSegment } from './segment';

const PARTS = [
  '/', '*', '**', '/*', '/*/', ' ', '  ', 'GET ', 'POST ', 'get ', 'DELETE ', 'TRACE ', '/v1/', '/V1/',
  'v1', ':id', '{id}', '(', ')', '|', '.*', '\\', '%', '?', '#', '..', '.', '~', 'a'.repeat(500), '\n', '\0',
]; // prettier-ignore
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];

/** An allowed endpoint, and which calls it grants. */
export const pattern: FuzzTarget = {
  name: 'pattern',
  inputs: mutated(seedsOf('pattern'), PARTS),
  check(input) {
    const parsed = parsePattern(input, '/v1/');
    const accepted = !('fault' in parsed);
    mustEqual(accepted, isPattern(input), 'accepted');
    if (!accepted) return false;
    const { method, segments } = parsed;
    must(
      `${method === undefined ? '' : `${method} `}/${segments.join('/')}` === input,
      'the parts are the pattern',
    );
    const exact = segments.map((segment) => (segment === '*' ? 'any_1' : segment));
    const calls = [
      exact,
      [...exact, 'more'],
      exact.slice(0, -1),
      exact.map((segment) => segment.toUpperCase()),
      exact.map((segment, i) => (i === exact.length - 1 ? `${segment}x` : segment)),
      ['v1', ...exact],
    ];
    for (const called of ['GET', 'POST', 'DELETE', 'get', '']) {
      for (const call of calls) {
        const granted =
          (method === undefined ? called === 'GET' || called === 'POST' : called === method) &&
          call.length === segments.length &&
          segments.every((segment, i) => segment === '*' || segment === call[i]);
        mustEqual(isAllowed([parsed], called, call), granted, `${called} ${call.join('/')}`);
      }
    }
    return true;
  },
};

function isPattern(text: string): boolean {
  if (text.length > 512) return false;
  const words = text.split(' ');
  if (words.length > 2) return false;
  const [pathname = '', method] = words.toReversed();
  if (method !== undefined && !METHODS.includes(method)) return false;
  const [root, first, ...rest] = pathname.split('/');
  return (
    root === '' &&
    first === 'v1' &&
    rest.length > 0 &&
    rest.every((part) => part === '*' || isSegment(part))
  );
}
