import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

const RESOURCES = join(dirname(require.resolve('stripe')), 'resources');

/** What a call may have, as the types say. */
export interface TypedParameters {
  /** All names: `expand[]`, `shipping[address][city]`, `metadata[*]`. */
  names: string[];
  /** Those without which the call cannot be: of a map and of a list too, where it is required. */
  required: string[];
}

/**
 * The parameters of Stripe's calls, by the types of the installed `stripe` package.
 *
 * @throws Error where the package has no such call.
 */
export function parametersInTypes(calls: readonly string[]): Map<string, TypedParameters> {
  const methods = new Map(
    readdirSync(RESOURCES, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.js'))
      .flatMap((file) => callsIn(file)),
  );
  const wanted = calls.map((call) => {
    const known = methods.get(call);
    if (known === undefined) throw new Error(`stripe has no ${call}`);
    return { call, file: join(RESOURCES, `${known.file}.d.ts`), method: known.method };
  });
  const program = ts.createProgram([...new Set(wanted.map(({ file }) => file))], {
    strict: true,
    skipLibCheck: true,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ['lib.es2022.d.ts'],
    types: [],
  });
  const checker = program.getTypeChecker();
  return new Map(
    wanted.map(({ call, file, method }) => {
      const source = program.getSourceFile(file);
      const parameters = source === undefined ? undefined : parametersOf(checker, source, method);
      if (parameters === undefined) throw new Error(`stripe has no ${method} in ${file}`);
      const names = new Map<string, boolean>();
      collect(checker, parameters, '', true, names);
      const required = [...names].filter(([, isRequired]) => isRequired).map(([name]) => name);
      return [call, { names: [...names.keys()], required }];
    }),
  );
}

const METHOD = /^ {4}(\w+)\([^)]*\) \{\n.*?_makeRequest\('(POST|DELETE)', [`']\/v1\/([^`']*)[`']/ms;

/** The calls that one file of resources makes, each with the method that makes it. */
function callsIn(file: string): [call: string, { file: string; method: string }][] {
  const name = file.slice(0, -'.js'.length);
  const code = readFileSync(join(RESOURCES, file), 'utf8');
  return code.split(/\n(?= {4}\w+\([^)]*\) \{\n)/).flatMap((text) => {
    const [, method = '', verb = '', path = ''] = METHOD.exec(text) ?? [];
    if (method === '') return [];
    return [[`${verb} ${path.replaceAll(/\$\{[^}]*\}/g, '*')}`, { file: name, method }]];
  });
}

/** The type of what a method of the file's resource calls `params`. */
function parametersOf(
  checker: ts.TypeChecker,
  source: ts.SourceFile,
  name: string,
): ts.Type | undefined {
  for (const statement of source.statements) {
    if (!ts.isClassDeclaration(statement)) continue;
    for (const member of statement.members) {
      if (!ts.isMethodDeclaration(member) || member.name.getText(source) !== name) continue;
      const given = member.parameters.find((each) => each.name.getText(source) === 'params');
      return given === undefined ? undefined : checker.getTypeAtLocation(given);
    }
  }
  return undefined;
}

/** Adds the names of all plain values below a type, each with whether it must be there. */
function collect(
  checker: ts.TypeChecker,
  type: ts.Type,
  name: string,
  isRequired: boolean,
  names: Map<string, boolean>,
): void {
  const add = (): void => {
    if (name !== '') names.set(name, isRequired || names.get(name) === true);
  };
  if (type.isUnion()) {
    const parts = type.types.filter((part) => isMap(part));
    // Of several forms of a map, none must be there.
    for (const part of parts) {
      collect(checker, part, name, isRequired && parts.length === 1, names);
    }
    if (parts.length === 0) add();
    return;
  }
  if (!isMap(type)) return add();
  if (checker.isArrayType(type)) {
    const [item] = checker.getTypeArguments(type as ts.TypeReference);
    if (item !== undefined) collect(checker, item, `${name}[]`, isRequired, names);
    return;
  }
  const before = names.size;
  const any = type.getStringIndexType();
  if (any !== undefined) collect(checker, any, `${name}[*]`, isRequired, names);
  for (const property of checker.getPropertiesOfType(type)) {
    const at = property.valueDeclaration ?? property.declarations?.[0];
    if (at === undefined) continue;
    const inner = checker.getTypeOfSymbolAtLocation(property, at);
    const must = isRequired && (property.flags & ts.SymbolFlags.Optional) === 0;
    const below = name === '' ? property.name : `${name}[${property.name}]`;
    collect(checker, inner, below, must, names);
  }
  // A map without any field of its own, which only says that it is there.
  if (names.size === before) add();
}

function isMap(type: ts.Type): boolean {
  const name = type.symbol?.name;
  return (type.flags & ts.TypeFlags.Object) !== 0 && name !== 'Decimal' && name !== 'Date';
}
