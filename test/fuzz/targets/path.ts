import { posix } from 'node:path';
import fc from 'fast-check';
import { parseTarget, writeQueryFault } from '../../../lib/contract/target';
import { mutated, seedsOf } from '../mutation';
import { must, mustEqual } from '../target';
import type { FuzzTarget } from '../target';
import { isSegment } from './segment';

const PARTS = [
  '/', '//', '.', '..', '%2e', '%2f', '%00', '\\', ';', '#', '?', '&', '=', '@', ':', '~', '*',
  'v1', 'payment_intents', 'expand[]', 'expand%5B%5D', 'expand[]=charge', 'expand[0]', 'amount=1',
  'http://a', ' ', '\t', '\n', '\0', '\u00e9', '\u2044', '\uff0f', 'a'.repeat(2_100),
]; // prettier-ignore

/** A request target, and the query of a call that writes. */
export const path: FuzzTarget = {
  name: 'path',
  inputs: fc.oneof(
    mutated(seedsOf('path'), PARTS),
    fc
      .webUrl({ withQueryParameters: true, withFragments: true })
      .map((url) => new URL(url).pathname + new URL(url).search),
  ),
  check(input) {
    const target = parseTarget(input);
    const accepted = !('fault' in target);
    mustEqual(accepted, isCanonical(input), 'accepted');
    if (!accepted) return false;
    const { path: read, segments, query } = target;
    must(read + (query === undefined ? '' : `?${query}`) === input, 'the parts are the target');
    must(`/${segments.join('/')}` === read, 'the segments are the path');
    must(posix.normalize(read) === read, 'the path is normal');
    must(decodeURIComponent(read) === read, 'the path needs no decoding');
    const url = new URL(`http://vendor.test${input}`);
    mustEqual([url.host, url.pathname, url.hash], ['vendor.test', read, ''], 'as URL reads it');
    mustEqual(
      [...url.searchParams],
      [...new URL(`http://x/?${query ?? ''}`).searchParams],
      'the query as URL reads it',
    );
    if (query === undefined || writeQueryFault(query) !== undefined) return true;
    for (const separator of ['&', /[&;]/]) {
      for (const pair of query.split(separator)) {
        const [name] = [...new URLSearchParams(`&${pair}`).keys()];
        must(name === 'expand[]', `a write's query names ${name}`);
      }
    }
    return true;
  },
};

function isCanonical(text: string): boolean {
  if (text[0] !== '/' || text.length > 8_192) return false;
  for (const character of text) {
    if (character < '!' || character > '~' || character === '#') return false;
  }
  const [pathname = ''] = text.split('?');
  return pathname.length <= 2_048 && pathname.slice(1).split('/').every(isSegment);
}
