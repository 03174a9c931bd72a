import * as fc from 'fast-check';
import { labelFault } from '../contract/label-rule';
import { keyLabel, subjectId } from './label';
import { anyText } from '../../test/support/any-text';

const runId = fc.stringMatching(/^[A-Za-z0-9_.:-]{1,128}$/);
const anything = anyText({ maxLength: 400 });

describe('keyLabel', () => {
  it('is nest-<user>-<run>', () => {
    expect(keyLabel('nest', 'u1', 'r1')).toBe('nest-u1-r1');
    expect(keyLabel('nest', 'Zoë 🙂', 'r1')).toBe('nest-Zoë 🙂-r1');
  });

  it('is a label the broker takes, whatever the user id holds', () => {
    fc.assert(
      fc.property(anything, runId, (user, run) => {
        const label = keyLabel('nest', user, run);
        expect(labelFault(label, 200)).toBeUndefined();
        expect(label.endsWith(`-${run}`)).toBe(true);
      }),
    );
    expect(labelFault(keyLabel('nest', 'a\u0000\u202e\ud800\n', 'r'), 200)).toBeUndefined();
  });
});

describe('what a label may not hold', () => {
  const unshown = fc.constantFrom(
    '\u200b',
    '\u200d',
    '\u202e',
    '\u2066',
    '\u061c',
    '\ufeff',
    '\u00ad',
    '\u2028',
    '\0',
    '\u{e0067}',
    '\u3164',
    '\ud83d',
    '\udc68',
    '👩🏽‍🚀',
    '👨‍👩‍👧',
    '❤️',
    'a',
  );

  it('becomes _ in a label, wherever it is and wherever the label is cut', () => {
    fc.assert(
      fc.property(fc.array(unshown, { maxLength: 250 }), runId, (parts, run) => {
        expect(labelFault(keyLabel('nest', parts.join(''), run), 200)).toBeUndefined();
        expect(labelFault(subjectId(parts.join('')), 128)).toBeUndefined();
      }),
    );
    expect(keyLabel('nest', 'admin\u200b', 'r')).toBe('nest-admin_-r');
    expect(keyLabel('nest', '👩🏽‍🚀', 'r')).toBe('nest-👩🏽‍🚀-r');
  });

  it('tells two subjects apart that look alike', () => {
    expect(subjectId('admin\u200b')).toMatch(/^sha256-/);
    expect(subjectId('admin\u200b')).not.toBe(subjectId('admin'));
    for (const mark of ['\ufe0f', '\ufe00', '\u2065', '\ufff0', '\u{e0100}', '\u180b', '\u034f']) {
      expect(labelFault(`u1${mark}`, 128)).toContain('invisible');
    }
    for (const id of ['❤️', '1️⃣', 'José', '👨‍👩‍👧']) expect(labelFault(id, 128)).toBeUndefined();
  });
});

describe('subjectId', () => {
  it('is never that of another id: what looks like a hash is hashed', () => {
    const long = 'x'.repeat(129);
    expect(subjectId(subjectId(long))).not.toBe(subjectId(long));
  });

  it('is the id itself where the broker takes it', () => {
    for (const id of ['u1', 'Zoë 🙂', 'a b', 'x'.repeat(128)]) expect(subjectId(id)).toBe(id);
  });

  it('is always one the broker takes', () => {
    fc.assert(
      fc.property(anything, (id) => {
        expect(labelFault(subjectId(id), 128)).toBeUndefined();
      }),
    );
  });

  it('never makes two long users one', () => {
    const long = 'x'.repeat(128);
    expect(subjectId(`${long}a`)).not.toBe(subjectId(`${long}b`));
    expect(subjectId('a\ud800')).not.toBe(subjectId('a\ud801'));
  });
});
