import { parseArgs } from 'node:util';
import type { ManagementApi } from './management-api';
import { table } from './table';
import type { Column } from './table';

/** What an operator typed does not hold: one line that says what. */
export class BadUsage extends Error {}

/** What a command gets. */
export interface CommandInput {
  api: ManagementApi;
  operands: readonly string[];
  options: Readonly<Record<string, string>>;
  env: NodeJS.ProcessEnv;
}

/** What a command answers: the API's own JSON, and how people read it. */
export interface CommandResult {
  json: unknown;
  text: string;
  /** @default true */
  ok?: boolean;
}

/** One of the operator's commands. */
export interface Command {
  help: string;
  /** The options it takes beside those that all commands take. */
  options: readonly string[];
  /** Whether it asks no broker, and so needs no token. */
  isLocal?(operands: readonly string[]): boolean;
  run(run: CommandInput): Promise<CommandResult>;
}

/** The help of the options that all commands take. */
export const COMMON_HELP = `  --url URL    the running broker, http://127.0.0.1:4100 by default
  --json       the management API's own answer
  --help       this text

Before an id that begins with - put --. An operator's token is read from VAULT_KEY_OPERATOR_TOKEN,
else the application's from KEYBRAKE_TOKEN; or from the files that …_FILE name.
`;

/** Options and operands as they were typed; what no one knows is {@link BadUsage}. */
export function parseCommand(args: string[], options: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        url: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        ...Object.fromEntries(options.map((name) => [name, { type: 'string' } as const])),
      },
    });
    const { url, json, help, ...rest } = values;
    return {
      url: url ?? 'http://127.0.0.1:4100',
      json: json === true,
      help: help === true,
      options: rest as Record<string, string>,
      operands: positionals,
    };
  } catch (error) {
    throw new BadUsage(faultOf(error as Error & { code?: string }));
  }
}

/** What was typed wrong; of what begins with a dash, how it is typed where it is meant as it is. */
function faultOf({ code, message }: Error & { code?: string }): string {
  const [reason = ''] = message.split(/\.\s/);
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
    return `${reason}: before an id that begins with - put --, after all options`;
  }
  return reason.includes('ambiguous')
    ? `${reason}: a value that begins with - is given as --option=-value`
    : reason;
}

/** A segment of a path: one of dots alone would name another path to a server in between. */
export function segment(text: string): string {
  return /^\.{1,2}$/.test(text) ? text.replaceAll('.', '%2E') : encodeURIComponent(text);
}

/** The operands by name; too few or too many are {@link BadUsage}. */
export function operandsOf(operands: readonly string[], ...names: string[]): string[] {
  const missing = names[operands.length];
  if (missing !== undefined) throw new BadUsage(`${missing} is missing`);
  const extra = operands[names.length];
  if (extra !== undefined) throw new BadUsage(`${extra} is one operand too many`);
  return [...operands];
}

/**
 * @param action The words of the command that were typed.
 * @throws BadUsage where an option was given that the action does not take.
 */
export function onlyWith(
  options: Readonly<Record<string, string>>,
  action: string,
  taken: readonly string[],
): void {
  const other = Object.keys(options).find((name) => !taken.includes(name));
  if (other !== undefined) throw new BadUsage(`--${other} does not go with ${action}`);
}

/** A query of the options that were given, under the names that the API has for them. */
export function queryOf(
  options: Readonly<Record<string, string>>,
  names: Readonly<Record<string, string>>,
): string {
  const query = new URLSearchParams();
  for (const [option, name] of Object.entries(names)) {
    const value = options[option];
    if (value !== undefined) query.set(name, value);
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

/** The options that choose a subject's keys or calls, and what the API calls them. */
export const SUBJECT_FILTERS = {
  vendor: 'vendor',
  tenant: 'tenant_id',
  user: 'user_id',
  run: 'run_id',
  tool: 'tool',
} as const;

/** A list of the management API. */
export interface List<Page, Row> {
  path: string;
  /** The options that were typed, the cursor among them. */
  options: Readonly<Record<string, string>>;
  /** What the API calls the options. */
  names: Readonly<Record<string, string>>;
  rowsOf: (page: Page) => readonly Row[];
  columns: readonly Column<Row>[];
}

/**
 * A page of a list, and how to ask for the next one. The broker answers with empty pages where the
 * next row is far away: those are passed over.
 */
export async function pageOf<Page extends { cursor?: string }, Row>(
  api: ManagementApi,
  { path, options, names, rowsOf, columns }: List<Page, Row>,
): Promise<CommandResult> {
  for (let cursor = options['cursor']; ;) {
    const from = { ...options, ...(cursor === undefined ? {} : { cursor }) };
    const page = await api.call<Page>('GET', `${path}${queryOf(from, names)}`);
    ({ cursor } = page);
    if (rowsOf(page).length === 0 && cursor !== undefined) continue;
    const more = cursor === undefined ? '' : `more: --cursor ${cursor}\n`;
    return { json: page, text: `${table(columns, rowsOf(page))}${more}` };
  }
}

/** The reason that was typed, as the field of a body; `undefined` where none was. */
export function reasonBody({
  reason,
}: Readonly<Record<string, string>>): { reason: string } | undefined {
  return reason === undefined ? undefined : { reason };
}

/** An amount in USD as it was typed. */
export function usdOperand(text: string): number {
  if (!/^\d+(?:\.\d+)?$/.test(text)) {
    throw new BadUsage(`${text} is no amount in USD, such as 12.50`);
  }
  return Number(text);
}
