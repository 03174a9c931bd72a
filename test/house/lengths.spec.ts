import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const LIB = resolve(__dirname, '../../lib');
const MOST_LINES = 400;

it('no file has more lines than one sitting reads', () => {
  const files = readdirSync(LIB, { recursive: true, encoding: 'utf8' });
  expect(files.length).toBeGreaterThan(200);
  const long = files
    .filter((file) => file.endsWith('.ts') && !file.endsWith('spec.ts'))
    .filter((file) => readFileSync(join(LIB, file), 'utf8').split('\n').length - 1 > MOST_LINES);
  expect(long).toEqual([]);
});
