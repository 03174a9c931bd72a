import { foreignText } from './foreign';

it.each([
  ['acct_1Shop', 'acct_1Shop'],
  ['Zoë, 100 €', 'Zoë, 100 €'],
  ['acct_1\u202Epohs', 'acct_1[U+202E]pohs'],
  ['acct_\u200B1', 'acct_[U+200B]1'],
  ['a\u2028b\nc', 'a[U+2028]b[U+000A]c'],
  ['\u{E0041}', '[U+E0041]'],
])('shows %j as %j', (text, shown) => {
  expect(foreignText(text)).toBe(shown);
});
