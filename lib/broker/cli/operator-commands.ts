import { approvalsCommand } from './commands/approvals';
import { auditCommand } from './commands/audit';
import { backupCommand } from './commands/backup';
import { brakeCommand, liftCommand } from './commands/brake';
import { budgetsCommand } from './commands/budgets';
import { holdsCommand } from './commands/holds';
import { keysCommand } from './commands/keys';
import { migrateCommand } from './commands/migrate';
import { operatorsCommand } from './commands/operators';
import { spendCommand } from './commands/spend';
import { webhooksCommand } from './commands/webhooks';
import { ManagementApi, ManagementApiError, brokerUrl } from './management-api';
import { secretIn } from './secret-settings';
import { shown } from './table';
import { BadUsage, parseCommand } from './command';
import type { Command } from './command';

const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ['keys', keysCommand],
  ['budgets', budgetsCommand],
  ['brake', brakeCommand],
  ['lift', liftCommand],
  ['approvals', approvalsCommand],
  ['holds', holdsCommand],
  ['audit', auditCommand],
  ['spend', spendCommand],
  ['webhooks', webhooksCommand],
  ['backup', backupCommand],
  ['migrate', migrateCommand],
  ['operators', operatorsCommand],
]);

/** Where what a command prints goes. */
export interface CommandOutput {
  out: (text: string) => void;
  error: (line: string) => void;
}

/** Whether an argument is one of the operator's commands. */
export function isOperatorCommand(argument: string | undefined): argument is string {
  return argument !== undefined && COMMANDS.has(argument);
}

/**
 * Runs one of the operator's commands, which most often asks a running broker.
 *
 * @returns 0; 1 where the broker refused or a verification failed; 2 where it was not understood.
 */
export async function runOperatorCommand(
  name: string,
  args: string[],
  env: NodeJS.ProcessEnv,
  { out, error }: CommandOutput,
): Promise<number> {
  try {
    const command = COMMANDS.get(name);
    if (command === undefined) throw new BadUsage(`${name} is not a command`);
    const { url, json, help, ...given } = parseCommand(args, command.options, command.flags);
    if (help) {
      out(command.help);
      return 0;
    }
    if (json && given.flags.has('csv')) throw new BadUsage('--csv goes without --json');
    const base = brokerUrl(url);
    if (base === undefined) {
      throw new BadUsage(
        '--url must be an https: URL (http: is taken only to loopback), without query or credentials',
      );
    }
    const token = callerToken(env);
    if (command.isLocal?.(given.operands) !== true && !/^[\x21-\x7e]+$/.test(token)) {
      throw new BadUsage(
        "VAULT_KEY_OPERATOR_TOKEN must be set to an operator's token, or KEYBRAKE_TOKEN to the application's",
      );
    }
    const result = await command.run({ api: new ManagementApi(base, token), ...given, env });
    const text = json ? `${JSON.stringify(result.json)}\n` : result.text;
    if (typeof text === 'string') out(text);
    else for await (const piece of text) out(piece);
    return result.ok === false ? 1 : 0;
  } catch (failure) {
    if (failure instanceof BadUsage) {
      error(shown(`${name}: ${failure.message} (see ${name} --help)`));
      return 2;
    }
    if (!(failure instanceof ManagementApiError)) throw failure;
    error(shown(`${name}: ${failure.message}`));
    return 1;
  }
}

/** Who types: an operator with a token of their own, or the holder of the application's. */
function callerToken(env: NodeJS.ProcessEnv): string {
  const own = secretIn(env, 'VAULT_KEY_OPERATOR_TOKEN');
  return own === '' ? secretIn(env, 'KEYBRAKE_TOKEN') : own;
}
