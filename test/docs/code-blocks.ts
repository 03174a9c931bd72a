import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { transformSync } from '@swc/core';
import type { Options } from '@swc/core';

export const ROOT = resolve(__dirname, '../..');
/** As the tests themselves are compiled. */
const { transform } = require('../../jest.loading.js') as {
  transform: Record<string, [string, Options]>;
};
const compiling = transform['^.+\\.ts$']?.[1];

/** The package's entry points, from their sources: what a test of the sources must import. */
const ENTRIES: Record<string, string> = {
  'nestjs-vault-key': join(ROOT, 'lib/index'),
  'nestjs-vault-key/mcp': join(ROOT, 'lib/mcp/index'),
  'nestjs-vault-key/stripe': join(ROOT, 'lib/stripe/index'),
  'nestjs-vault-key/terminus': join(ROOT, 'lib/terminus/index'),
  'nestjs-vault-key/testing': join(ROOT, 'lib/testing/index'),
  'nestjs-vault-key/testing/jest': join(ROOT, 'lib/testing/jest'),
};

/** What a block's reader has beside it. Packages are none of it: those a block imports itself. */
export interface Given {
  /** Files of the reader's own, by the path that the block imports them by: `./charge.dto`. */
  readonly files?: Readonly<Record<string, string>>;
  /** The types of variables that stand before the block: `{ app: "import('@nestjs/common').INestApplication" }`. */
  readonly declared?: Readonly<Record<string, string>>;
}

/** One block of TypeScript in a page. */
export class CodeBlock {
  constructor(
    readonly page: string,
    readonly line: number,
    readonly code: string,
  ) {}

  /** Runs the block and gives what it declares or imports by these names. */
  run(names: readonly string[], { files = {} }: Given = {}): Record<string, unknown> {
    return evaluate(`${this.code}\n${exportOf(names)}`, files);
  }

  /** The block, and what it is to do, as JavaScript for `node -e` in the package's root. */
  script({ files = {} }: Given, after: string): string {
    const modules = Object.entries({ ...files, block: `${this.code}\n${after}` }).map(
      ([name, source]) =>
        `${JSON.stringify(name)}(require, module, exports) { ${compile(source)}\n}`,
    );
    return `
      const modules = { ${modules.join(',\n')} };
      const entries = ${JSON.stringify(ENTRIES)};
      const loaded = {};
      const load = (name) => {
        if (modules[name] === undefined) return require(entries[name] ?? name);
        if (loaded[name] === undefined) {
          loaded[name] = { exports: {} };
          modules[name](load, loaded[name], loaded[name].exports);
        }
        return loaded[name].exports;
      };
      load('block');`;
  }

  /** As {@link run}, for a block that awaits; `values` are those of the variables it uses and does not declare. */
  async runAsync(
    names: readonly string[],
    values: Record<string, unknown> = {},
    { files = {} }: Given = {},
  ): Promise<object> {
    const { imports, rest } = parted(this.code);
    const body = `${rest}\nreturn { ${names.join(', ')} };`;
    const main = `async function main(given) { const { ${Object.keys(values).join()} } = given; ${body} }`;
    const exported = evaluate(`${imports}\n${main}\nexport { main };`, files);
    return (exported['main'] as (given: object) => Promise<object>)(values);
  }

  /** The block, and then what its reader has beside it, as files for the compiler. */
  sources({ files = {}, declared = {} }: Given = {}): [name: string, source: string][] {
    const folder = join(ROOT, 'test/docs', `${this.page.replaceAll('/', '-')}.${this.line}`);
    const declarations = Object.entries(declared).map(
      ([name, type]) => `declare const ${name}: ${type};`,
    );
    const block = [...declarations, this.code, exportOf([])].join('\n');
    return Object.entries({ './block': block, ...files }).map(([name, source]) => [
      join(folder, `${name}.ts`),
      fromDeclarations(source),
    ]);
  }
}

function exportOf(names: readonly string[]): string {
  return names.length === 0 ? 'export {};' : `export { ${names.join(', ')} };`;
}

/** The package's own names stand for its declarations, which a reader's compiler sees. */
function fromDeclarations(code: string): string {
  return code.replace(
    /(from|import) '(nestjs-vault-key[^']*)'/g,
    (_, keyword: string, name: string) =>
      `${keyword} '${(ENTRIES[name] ?? name).replace(join(ROOT, 'lib'), join(ROOT, 'dist'))}'`,
  );
}

/** A block's imports, which are its first statements, and what follows them. */
function parted(code: string): { imports: string; rest: string } {
  const [imports = ''] = /^(?:\s*import\s[^;]*;)*/.exec(code) ?? [];
  return { imports, rest: code.slice(imports.length) };
}

function compile(source: string): string {
  return transformSync(source, compiling).code;
}

function evaluate(
  source: string,
  files: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const loaded = new Map<string, Record<string, unknown>>();
  const load = (name: string): unknown => {
    const file = files[name];
    if (file === undefined) return require(ENTRIES[name] ?? name);
    const known = loaded.get(name);
    if (known !== undefined) return known;
    const exports = {};
    loaded.set(name, exports);
    execute(file, load, exports);
    return exports;
  };
  const exports = {};
  execute(source, load, exports);
  return exports;
}

function execute(source: string, load: (name: string) => unknown, exports: object): void {
  // oxlint-disable-next-line typescript/no-implied-eval -- running the pages' code is the purpose
  new Function('require', 'module', 'exports', compile(source))(load, { exports }, exports);
}

/** The blocks of TypeScript in a page, in their order. */
export function blocksOf(page: string): CodeBlock[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((match) => {
    const line = text.slice(0, match.index).split('\n').length;
    return new CodeBlock(page, line, match[1] ?? '');
  });
}

/** The block of a page that holds a text. */
export function blockWith(page: string, text: string): CodeBlock {
  const found = blocksOf(page).filter(({ code }) => code.includes(text));
  const [block] = found;
  if (found.length !== 1 || block === undefined) {
    throw new Error(`${page} has ${found.length} blocks with "${text}"`);
  }
  return block;
}

/** A text that one block of a page holds, and what the page leaves to its reader. */
export type PageBlock = readonly [text: string, given?: Given];

/**
 * Registers the test that a page has these blocks and no other. `packaging/docs-types.spec.ts` type-checks the
 * blocks of all pages, so that the compiler reads their imports once.
 *
 * @param blocks In their order.
 */
export function checkBlocks(page: string, blocks: readonly PageBlock[]): void {
  it(`${page}: every block is among those that are type-checked`, () => {
    const tested = blocks.map(([text]) => blockWith(page, text).line);
    expect(blocksOf(page).map(({ line }) => line)).toEqual(tested);
  });
}
