import fc from 'fast-check';
import { hashOf, readRoute, VIEWS } from './routes';

it('opens what the link of a webhook names', () => {
  expect(readRoute('#/approvals/apr_1')).toEqual({ view: 'approvals', id: 'apr_1', params: {} });
});

it.each(['', '#', '#/', '#/nothing', '#main', '#/%zz'])('takes %j for the first view', (hash) => {
  expect(readRoute(hash)).toEqual({ view: 'now', params: {} });
});

it('keeps any id and any filter, whatever is in it', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((each) => each.isWellFormed());
  const params = fc.dictionary(fc.constantFrom('user_id', 'tenant_id', 'tool'), text);
  fc.assert(
    fc.property(
      fc.constantFrom(...VIEWS),
      fc.option(text, { nil: undefined }),
      params,
      (view, id, given) => {
        expect(readRoute(hashOf(view, given, id))).toEqual({
          view,
          ...(id === undefined ? {} : { id }),
          params: { ...given },
        });
      },
    ),
    { numRuns: 100 },
  );
});

it('leaves out what is empty', () => {
  expect(hashOf('calls', { user_id: '', verdict: undefined, tool: 'charge' })).toBe(
    '#/calls?tool=charge',
  );
});
