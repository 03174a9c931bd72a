import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CodeBlock, blockWith } from './code-blocks';
import type { PageBlock } from './code-blocks';

const GIVEN = join(__dirname, 'given');

const pages = readdirSync(GIVEN).map(
  (name) => require(join(GIVEN, name)) as { PAGE: string; BLOCKS: readonly PageBlock[] },
);

describe.each(pages)('$PAGE', ({ PAGE, BLOCKS }) => {
  const blocks = BLOCKS.map(([text, given]) => ({ text, given }));

  it.each(blocks)('the block with "$text" type-checks', ({ text, given }) => {
    expect(blockWith(PAGE, text).typeErrors(given)).toEqual([]);
  });
});

it('a block that leaves out its imports does not type-check', () => {
  const { page, line, code } = blockWith('README.md', 'class ChargeDto');
  const imports = /^import [^;]+;\n/gm;
  expect(code.match(imports)).toHaveLength(3);
  for (const [left] of code.matchAll(imports)) {
    const errors = new CodeBlock(page, line, code.replace(left, '')).typeErrors();
    expect(errors).toContainEqual(expect.stringContaining('Cannot find name'));
  }
});
