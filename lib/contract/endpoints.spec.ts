import fc from 'fast-check';
import { isAllowed, parsePattern, patternFault } from './pattern';
import type { Pattern } from './pattern';
import { parseTarget, targetFault, writeQueryFault } from './target';
import { anyText } from '../../test/support/any-text';
import { propertyRuns } from '../../test/support/property-runs';

/** Texts made of what makes trouble in a path. */
const hostile = fc
  .array(
    fc.constantFrom(
      '/',
      '//',
      '.',
      '..',
      '%2e',
      '%2F',
      '%',
      '\\',
      ';',
      '#',
      '?',
      '~',
      '-',
      '_',
      '*',
      'v1',
      'payment_intents',
      'a',
      'A',
      '0',
      '@',
      ':',
      ' ',
      '\t',
      '\n',
      '\0',
      'é',
      '＊',
      '+',
      '&',
      '=',
      '[',
      ']',
      '|',
      '{',
      '"',
    ),
    { maxLength: 12 },
  )
  .map((parts) => `/${parts.join('')}`);
const target = fc.oneof(
  hostile,
  fc.string().map((text) => `/${text}`),
  anyText().map((text) => new URL(`https://host/${encodeURI(text)}`).pathname),
);
const segment = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_~.-]{0,10}[A-Za-z0-9_~-]$/);

const patternOf = (text: string): Pattern => {
  const parsed = parsePattern(text);
  if ('fault' in parsed) throw new Error(parsed.fault);
  return parsed;
};

describe('a target', () => {
  it('that is accepted is changed by no URL parser', () => {
    fc.assert(
      fc.property(target, (text) => {
        const parsed = parseTarget(text);
        if ('fault' in parsed) return;
        const url = new URL(text, 'https://api.stripe.com');
        expect(url.host).toBe('api.stripe.com');
        expect(url.pathname).toBe(parsed.path);
        expect(decodeURIComponent(parsed.path)).toBe(parsed.path);
        expect(`/${parsed.segments.join('/')}`).toBe(parsed.path);
        expect(url.hash).toBe('');
      }),
      { numRuns: propertyRuns(2_000) },
    );
  });

  it('made of plain segments is accepted as it is', () => {
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 8 }), (segments) => {
        expect(parseTarget(`/${segments.join('/')}`)).toEqual({
          path: `/${segments.join('/')}`,
          segments,
        });
      }),
    );
  });

  it('says in words what is wrong with it', () => {
    expect(targetFault('/v1/charges?limit=3')).toBeUndefined();
    for (const text of [
      '',
      'v1',
      '//v1',
      '/v1/',
      '/v1/%61',
      '/v1/..',
      '/v1/a#',
      '/v1/a b',
      '/v1/é',
    ]) {
      expect(targetFault(text)).toMatch(/^the /);
    }
  });

  it('of a write has a query in which no parser finds anything but expand[]', () => {
    fc.assert(
      fc.property(
        fc
          .array(
            fc.constantFrom(
              'expand',
              '[',
              ']',
              '[]',
              '%5B',
              '%5D',
              '=',
              '&',
              ';',
              'amount',
              '1',
              'x',
              '+',
              '%26',
              '%00',
            ),
            { maxLength: 8 },
          )
          .map((parts) => parts.join('')),
        (query) => {
          if (writeQueryFault(query) !== undefined) return;
          const names = [...new URLSearchParams(query.replaceAll(';', '&')).keys()];
          expect([...new Set(names)]).toEqual(['expand[]']);
        },
      ),
      { numRuns: propertyRuns(2_000) },
    );
  });
});

describe('a pattern', () => {
  it('grants a call only where every segment matches, one for one', () => {
    const any = fc.constantFrom('v1', 'charges', 'ch_1', 'capture', 'V1', '*');
    fc.assert(
      fc.property(
        fc.array(any, { minLength: 1, maxLength: 4 }),
        fc.array(
          any.filter((text) => text !== '*'),
          { minLength: 1, maxLength: 4 },
        ),
        fc.constantFrom(undefined, 'GET', 'POST', 'DELETE'),
        fc.constantFrom('GET', 'POST', 'DELETE', 'PUT', 'HEAD', 'get'),
        (granted, asked, patternMethod, method) => {
          const pattern = patternOf(
            `${patternMethod === undefined ? '' : `${patternMethod} `}/v1/${granted.join('/')}`,
          );
          const allowed = isAllowed([pattern], method, ['v1', ...asked]);
          const methodFits =
            patternMethod === undefined
              ? ['GET', 'POST'].includes(method)
              : method === patternMethod;
          const pathFits =
            granted.length === asked.length &&
            granted.every((part, i) => part === '*' || part === asked[i]);
          expect(allowed).toBe(methodFits && pathFits);
        },
      ),
    );
  });

  it('that is accepted grants only what is below the prefix', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          hostile,
          hostile.map((text) => `/v1${text}`),
          fc.string(),
        ),
        (text) => {
          if (patternFault(text, '/v1/') !== undefined) return;
          const { segments } = patternOf(text);
          expect(segments[0]).toBe('v1');
          expect(segments.length).toBeGreaterThan(1);
          for (const part of segments.slice(1))
            expect(part === '*' || targetFault(`/${part}`) === undefined).toBe(true);
        },
      ),
      { numRuns: propertyRuns(2_000) },
    );
  });

  it('grants nothing where it is empty', () => {
    expect(isAllowed([], 'GET', ['v1', 'charges'])).toBe(false);
  });
});
