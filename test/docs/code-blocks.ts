import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';

const ROOT = resolve(__dirname, '../..');

/** Where the names in the pages come from, as a reader would import them. */
const PACKAGES: Record<string, readonly string[]> = {
  '@nestjs/common': [
    'Body',
    'CanActivate',
    'Controller',
    'ExecutionContext',
    'INestApplication',
    'Injectable',
    'MiddlewareConsumer',
    'Module',
    'NestModule',
    'Post',
    'UseGuards',
  ],
  '@nestjs/config': ['ConfigModule', 'ConfigService'],
  '@nestjs/testing': ['Test'],
  'nestjs-vault-key': [
    'AgentTool',
    'AgentToolInterceptor',
    'BrakeService',
    'CurrentVaultKey',
    'EmbeddedBroker',
    'ProxiedStripeService',
    'RemainingSpendController',
    'SpendCapExceededException',
    'VAULT_KEY_MODULE_OPTIONS',
    'VaultKeyException',
    'VaultKeyMiddleware',
    'VaultKeyModule',
    'VaultKeyService',
  ],
  'nestjs-vault-key/mcp': ['RemainingSpendTool'],
  'nestjs-vault-key/stripe': ['InjectStripe', 'STRIPE_CLIENT'],
  'nestjs-vault-key/testing': [
    'StripeVendor',
    'TestingBroker',
    'VaultKeyTestingModule',
    'createStripeVendor',
    'vaultKeyTestingOptions',
  ],
};

/** The package's entry points, from their sources: what a test of the sources must import. */
const ENTRIES: Record<string, string> = {
  'nestjs-vault-key': '../../lib/index',
  'nestjs-vault-key/mcp': '../../lib/mcp/index',
  'nestjs-vault-key/stripe': '../../lib/stripe/index',
  'nestjs-vault-key/testing': '../../lib/testing/index',
  'nestjs-vault-key/testing/jest': '../../lib/testing/jest',
};

/** Those of them that are types alone. */
const TYPES: ReadonlySet<string> = new Set([
  'CanActivate',
  'ExecutionContext',
  'INestApplication',
  'MiddlewareConsumer',
  'NestModule',
]);

/** One block of TypeScript in a page. */
export class CodeBlock {
  constructor(
    readonly page: string,
    readonly line: number,
    readonly code: string,
  ) {}

  /**
   * Runs the block and gives what it declares by these names.
   *
   * @param before What the page leaves to its reader, a DTO for instance.
   */
  run(names: readonly string[], before = ''): Record<string, unknown> {
    return evaluate(this.source(before, names));
  }

  /** The block, and what it is to do, as JavaScript for `node -e` in the package's root. */
  script(before: string, after: string): string {
    const source = `${this.source(before, [])}\n${after}`;
    return compile(source).replace(/require\("(nestjs-vault-key[^"]*)"\)/g, (_, name: string) => {
      const entry = resolve(__dirname, ENTRIES[name] ?? name);
      return `require(${JSON.stringify(entry)})`;
    });
  }

  /** As {@link run}, for a block that awaits; `given` are values it uses and does not declare. */
  async runAsync(names: readonly string[], given: Record<string, unknown> = {}): Promise<object> {
    const body = `${this.code}\nreturn { ${names.join(', ')} };`;
    const main = `async function main(given) { const { ${Object.keys(given).join()} } = given; ${body} }`;
    const exported = evaluate(`${this.imports(this.code)}\n${main}\nexport { main };`);
    return (exported['main'] as (given: object) => Promise<object>)(given);
  }

  /** What the compiler has against the block. */
  typeErrors(before = ''): string[] {
    const file = join(ROOT, 'test/docs', `${this.page.replaceAll('/', '-')}.${this.line}.ts`);
    const source = this.source(before, []).replace(
      /(from|import) '(nestjs-vault-key[^']*)'/g,
      (_, keyword: string, name: string) => `${keyword} '${ENTRIES[name]}'`,
    );
    return typeErrorsIn(file, source);
  }

  private source(before: string, names: readonly string[]): string {
    const code = `${before}\n${this.code}`;
    const exported = names.length === 0 ? 'export {};' : `export { ${names.join(', ')} };`;
    return [this.imports(code), code, exported].join('\n');
  }

  private imports(code: string): string {
    const lines = Object.entries(PACKAGES).flatMap(([name, exported]) => {
      const used = exported.filter((each) => new RegExp(`\\b${each}\\b`).test(code));
      const types = used.filter((each) => TYPES.has(each));
      const values = used.filter((each) => !TYPES.has(each));
      return [
        ...(values.length === 0 ? [] : [`import { ${values.join(', ')} } from '${name}';`]),
        ...(types.length === 0 ? [] : [`import type { ${types.join(', ')} } from '${name}';`]),
      ];
    });
    return lines.join('\n');
  }
}

const parsed = new Map<string, ts.SourceFile | undefined>();
let before: ts.Program | undefined;

/** What all blocks import is read once, and only the block itself is checked. */
function typeErrorsIn(file: string, source: string): string[] {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(
    { ...config.compilerOptions, noEmit: true, rootDir: '.' },
    ROOT,
  );
  const host = ts.createCompilerHost(options);
  const readFile = host.getSourceFile.bind(host);
  host.getSourceFile = (name, ...rest) => {
    if (resolve(name) === file) return ts.createSourceFile(name, source, ts.ScriptTarget.ES2022);
    if (!parsed.has(name)) parsed.set(name, readFile(name, ...rest));
    return parsed.get(name);
  };
  const program = ts.createProgram([file], options, host, before);
  before = program;
  const block = program.getSourceFile(file);
  return [...program.getSyntacticDiagnostics(block), ...program.getSemanticDiagnostics(block)].map(
    ({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'),
  );
}

function compile(source: string): string {
  return ts.transpileModule(source, {
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
    },
  }).outputText;
}

function evaluate(source: string): Record<string, unknown> {
  const module = { exports: {} as Record<string, unknown> };
  const load = (name: string): unknown => require(ENTRIES[name] ?? name);
  // oxlint-disable-next-line typescript/no-implied-eval -- running the pages' code is the purpose
  new Function('require', 'module', 'exports', compile(source))(load, module, module.exports);
  return module.exports;
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

/**
 * Registers the tests that each block of a page type-checks, and that the page has no other.
 *
 * @param blocks A text that each block holds, in their order, and what the page leaves to its reader.
 */
export function checkBlocks(page: string, blocks: readonly [text: string, before: string][]): void {
  it.each(blocks)('the block with "%s" type-checks', (text, before) => {
    expect(blockWith(page, text).typeErrors(before)).toEqual([]);
  });

  it('every block of the page is among those tested here', () => {
    const tested = blocks.map(([text]) => blockWith(page, text).line);
    expect(blocksOf(page).map(({ line }) => line)).toEqual(tested);
  });
}
