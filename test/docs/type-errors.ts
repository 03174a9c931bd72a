import { join, resolve } from 'node:path';
import ts from 'typescript';
import { ROOT } from './code-blocks';
import type { CodeBlock, Given } from './code-blocks';

/**
 * What the compiler has against blocks, each by itself. They are checked in one program, so that
 * what they import is read once.
 *
 * @returns The messages by block, in the order of the blocks.
 */
export function typeErrorsOf(blocks: readonly (readonly [CodeBlock, Given?])[]): string[][] {
  const of = blocks.map(([block, given]) => block.sources(given));
  const sources = new Map(of.flat());
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(
    { ...config.compilerOptions, noEmit: true, rootDir: '.' },
    ROOT,
  );
  const host = ts.createCompilerHost(options);
  const getSourceFile = host.getSourceFile.bind(host);
  const fileExists = host.fileExists.bind(host);
  const readFile = host.readFile.bind(host);
  host.directoryExists = () => true;
  host.fileExists = (name) => sources.has(resolve(name)) || fileExists(name);
  host.readFile = (name) => sources.get(resolve(name)) ?? readFile(name);
  host.getSourceFile = (name, ...rest) => {
    const source = sources.get(resolve(name));
    return source === undefined
      ? getSourceFile(name, ...rest)
      : ts.createSourceFile(name, source, ts.ScriptTarget.ES2022);
  };
  const roots = of.map(([[name] = ['']]) => name);
  const program = ts.createProgram(roots, options, host);
  return roots.map((root) => {
    const block = program.getSourceFile(root);
    return [
      ...program.getSyntacticDiagnostics(block),
      ...program.getSemanticDiagnostics(block),
    ].map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  });
}
