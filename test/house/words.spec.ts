import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');
const PLACES = ['lib', 'docs', 'sample-app', 'README.md', 'CHANGELOG.md', 'CONTRIBUTING.md'];
/** It names the retired words beside those that took their place. */
const GLOSSARY = 'docs/glossary.md';

/** Words that docs/glossary.md retires, and turns that need a second reading. */
const RETIRED = [
  'afresh',
  'anew',
  'are none',
  'at hand',
  'by the operator.s word',
  'dearer',
  'dearest',
  'is none',
  'lets go of',
  'nobody knows',
  'not sound',
  'promised',
  'stands over',
  'strangers?',
  'to be had',
  'unsound',
  'whoever',
].map((word) => new RegExp(`\\b${word.replaceAll(' ', '\\s+(?:\\*\\s+|//\\s+)?')}\\b`, 'gi'));

function filesIn(path: string): string[] {
  if (/\.(?:ts|md|html)$/.test(path)) return [path];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() || /\.(?:ts|md|html)$/.test(entry.name)
      ? filesIn(join(path, entry.name))
      : [],
  );
}

it('no retired word is in code or docs', () => {
  const files = PLACES.flatMap((place) => filesIn(join(ROOT, place)));
  expect(files.length).toBeGreaterThan(300);
  const found = files
    .filter((file) => relative(ROOT, file) !== GLOSSARY)
    .flatMap((file) => {
      const text = readFileSync(file, 'utf8');
      return RETIRED.flatMap((word) =>
        [...text.matchAll(word)].map(({ 0: match, index }) => {
          const line = text.slice(0, index).split('\n').length;
          return `${relative(ROOT, file)}:${line}: ${match}`;
        }),
      );
    });
  expect(found).toEqual([]);
});
