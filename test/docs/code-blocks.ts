import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';

const ROOT = resolve(__dirname, '../..');

/** Where the names in the pages come from, as a reader would import them. */
const PACKAGES: Record<string, readonly string[]> = {
  '@nestjs/common': ['Body', 'Controller', 'INestApplication', 'Injectable', 'Module', 'Post'],
  '@nestjs/config': ['ConfigModule', 'ConfigService'],
  '@nestjs/testing': ['Test'],
  'nestjs-vault-key': [
    'AgentTool',
    'BrakeService',
    'CurrentVaultKey',
    'EmbeddedBroker',
    'ProxiedStripeService',
    'VAULT_KEY_MODULE_OPTIONS',
    'VaultKeyException',
    'VaultKeyModule',
    'VaultKeyService',
  ],
  'nestjs-vault-key/stripe': ['InjectStripe', 'STRIPE_CLIENT'],
  'nestjs-vault-key/testing': [
    'StripeVendor',
    'VaultKeyTestingModule',
    'createStripeVendor',
    'vaultKeyTestingOptions',
  ],
};

/** The package's entry points, from their sources: what a test of the sources must import. */
const ENTRIES: Record<string, string> = {
  'nestjs-vault-key': '../../lib/index',
  'nestjs-vault-key/stripe': '../../lib/stripe/index',
  'nestjs-vault-key/testing': '../../lib/testing/index',
};

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
    const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile) as {
      config: { compilerOptions: object };
    };
    const { options } = ts.convertCompilerOptionsFromJson(
      { ...config.compilerOptions, noEmit: true, rootDir: '.' },
      ROOT,
    );
    const source = this.source(before, []).replace(
      /from '(nestjs-vault-key[^']*)'/g,
      (_, name: string) => `from '${ENTRIES[name]}'`,
    );
    const host = ts.createCompilerHost(options);
    const readFile = host.getSourceFile.bind(host);
    host.getSourceFile = (name, ...rest) =>
      resolve(name) === file
        ? ts.createSourceFile(name, source, ts.ScriptTarget.ES2022)
        : readFile(name, ...rest);
    const program = ts.createProgram([file], options, host);
    return ts
      .getPreEmitDiagnostics(program)
      .filter((diagnostic) => diagnostic.file?.fileName === file)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  }

  private source(before: string, names: readonly string[]): string {
    const code = `${before}\n${this.code}`;
    const exported = names.length === 0 ? 'export {};' : `export { ${names.join(', ')} };`;
    return [this.imports(code), code, exported].join('\n');
  }

  private imports(code: string): string {
    const lines = Object.entries(PACKAGES).flatMap(([name, exported]) => {
      const used = exported.filter((each) => new RegExp(`\\b${each}\\b`).test(code));
      const types = used.filter((each) => each === 'INestApplication');
      const values = used.filter((each) => each !== 'INestApplication');
      return [
        ...(values.length === 0 ? [] : [`import { ${values.join(', ')} } from '${name}';`]),
        ...(types.length === 0 ? [] : [`import type { ${types.join(', ')} } from '${name}';`]),
      ];
    });
    return lines.join('\n');
  }
}

function evaluate(source: string): Record<string, unknown> {
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
    },
  });
  const module = { exports: {} as Record<string, unknown> };
  const load = (name: string): unknown => require(ENTRIES[name] ?? name);
  // oxlint-disable-next-line typescript/no-implied-eval -- running the pages' code is the purpose
  new Function('require', 'module', 'exports', outputText)(load, module, module.exports);
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
