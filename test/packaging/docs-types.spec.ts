import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CodeBlock, blockWith } from '../docs/code-blocks';
import { typeErrorsOf } from '../docs/type-errors';
import type { Given, PageBlock } from '../docs/code-blocks';

const GIVEN = join(__dirname, '../docs/given');

const pages = readdirSync(GIVEN).map(
  (name) => require(join(GIVEN, name)) as { PAGE: string; BLOCKS: readonly PageBlock[] },
);
const blocks = pages.flatMap(({ PAGE, BLOCKS }) =>
  BLOCKS.map(([text, given]): [CodeBlock, Given?] => [blockWith(PAGE, text), given]),
);

/** The first block of README, without one of its imports. */
const README = blockWith('README.md', 'class ChargeDto');
const importsOfReadme = [...README.code.matchAll(/^import [^;]+;\n/gm)].map(([text]) => text);
const incomplete = importsOfReadme.map(
  (left, i) => new CodeBlock(README.page, i + 1, README.code.replace(left, '')),
);

let errors: ReadonlyMap<CodeBlock, string[] | undefined>;

beforeAll(() => {
  const all = [...blocks, ...incomplete.map((block): [CodeBlock] => [block])];
  const found = typeErrorsOf(all);
  errors = new Map(all.map(([block], i) => [block, found[i]]));
});

it.each(blocks.map(([block]) => block))('$page: the block of line $line type-checks', (block) => {
  expect(errors.get(block)).toEqual([]);
});

it('a block that leaves out one of its imports does not type-check', () => {
  expect(incomplete).toHaveLength(3);
  for (const block of incomplete) {
    expect(errors.get(block)).toContainEqual(expect.stringContaining('Cannot find name'));
  }
});
