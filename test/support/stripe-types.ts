import { dirname, join } from 'node:path';
import ts from 'typescript';

const RESOURCES = join(dirname(require.resolve('stripe')), 'resources');

/** Of calls whose file or type does not follow from their path. */
const NAMED: Readonly<Record<string, string>> = {
  'POST payment_intents/*/increment_authorization':
    'PaymentIntents PaymentIntentIncrementAuthorizationParams',
  'POST payment_intents/*/apply_customer_balance':
    'PaymentIntents PaymentIntentApplyCustomerBalanceParams',
  'POST setup_intents/*/verify_microdeposits': 'SetupIntents SetupIntentVerifyMicrodepositsParams',
  'POST customers/*/cash_balance': 'Customers CustomerUpdateCashBalanceParams',
  'POST customers/*/tax_ids': 'Customers CustomerCreateTaxIdParams',
  'DELETE customers/*/tax_ids/*': 'Customers CustomerDeleteTaxIdParams',
  'POST products/*/features': 'Products ProductCreateFeatureParams',
  'POST transfers/*/reversals/*': 'Transfers TransferUpdateReversalParams',
  'POST checkout/sessions/*/expire': 'Checkout/Sessions SessionExpireParams',
  'POST reporting/report_runs': 'Reporting/ReportRuns ReportRunCreateParams',
  'POST treasury/outbound_payments': 'Treasury/OutboundPayments OutboundPaymentCreateParams',
  'POST treasury/outbound_transfers': 'Treasury/OutboundTransfers OutboundTransferCreateParams',
};

/**
 * The parameters of Stripe's calls, by the types of the installed `stripe` package: `expand[]`,
 * `shipping[address][city]`, `metadata[*]`.
 *
 * @throws Error where the package has no such type.
 */
export function parametersInTypes(calls: readonly string[]): Map<string, string[]> {
  const wanted = calls.map((call) => {
    const [file = '', type = ''] = (NAMED[call] ?? named(call)).split(' ');
    return { call, file: join(RESOURCES, `${file}.d.ts`), type };
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
    wanted.map(({ call, file, type }) => {
      const source = program.getSourceFile(file);
      const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
      const symbol = module === undefined ? undefined : exported(checker, module, type);
      if (symbol === undefined) throw new Error(`stripe has no ${type} in ${file}`);
      const names = new Set<string>();
      collect(checker, checker.getDeclaredTypeOfSymbol(symbol), '', names);
      return [call, [...names]];
    }),
  );
}

/** `POST payment_intents/*‍/confirm` → `PaymentIntents PaymentIntentConfirmParams`. */
function named(call: string): string {
  const [method = '', path = ''] = call.split(' ');
  const [resource = '', id, action] = path.split('/');
  const plural = camel(resource);
  const verb =
    method === 'DELETE'
      ? 'Delete'
      : action !== undefined
        ? camel(action)
        : id
          ? 'Update'
          : 'Create';
  return `${plural} ${plural.replace(/s$/, '')}${verb}Params`;
}

function camel(text: string): string {
  return text.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function exported(checker: ts.TypeChecker, module: ts.Symbol, name: string): ts.Symbol | undefined {
  const symbols = checker.getExportsOfModule(module);
  const itself = symbols.find((symbol) => symbol.name === name);
  if (itself !== undefined) return itself;
  for (const symbol of symbols) {
    if ((symbol.flags & ts.SymbolFlags.Namespace) === 0) continue;
    const inner = checker.getExportsOfModule(symbol).find((each) => each.name === name);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** Adds the names of all plain values below a type. */
function collect(checker: ts.TypeChecker, type: ts.Type, name: string, names: Set<string>): void {
  if (type.isUnion()) {
    const parts = type.types.filter((part) => isMap(part));
    const plain = type.types.some(
      (part) =>
        !isMap(part) &&
        !(part.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Null)) &&
        !isEmptyText(part),
    );
    for (const part of parts) collect(checker, part, name, names);
    if (plain && (parts.length === 0 || !type.types.some((part) => isMap(part)))) names.add(name);
    return;
  }
  if (!isMap(type)) {
    names.add(name);
    return;
  }
  if (checker.isArrayType(type)) {
    const [item] = checker.getTypeArguments(type as ts.TypeReference);
    if (item !== undefined) collect(checker, item, `${name}[]`, names);
    return;
  }
  const before = names.size;
  const any = type.getStringIndexType();
  if (any !== undefined) collect(checker, any, `${name}[*]`, names);
  for (const property of checker.getPropertiesOfType(type)) {
    const at = property.valueDeclaration ?? property.declarations?.[0];
    if (at === undefined) continue;
    const inner = checker.getTypeOfSymbolAtLocation(property, at);
    collect(checker, inner, name === '' ? property.name : `${name}[${property.name}]`, names);
  }
  // A map without any field of its own, which only says that it is there.
  if (names.size === before && name !== '') names.add(name);
}

function isMap(type: ts.Type): boolean {
  const name = type.symbol?.name;
  return (type.flags & ts.TypeFlags.Object) !== 0 && name !== 'Decimal' && name !== 'Date';
}

function isEmptyText(type: ts.Type): boolean {
  return type.isStringLiteral() && type.value === '';
}
