import { auditWord } from './audit-word';
import { backupWord } from './backup-word';
import { brakeWord, liftWord } from './brake-words';
import { budgetsWord } from './budgets-word';
import { holdsWord } from './holds-word';
import { keysWord } from './keys-word';
import { ManagementApi, ManagementFault, brokerUrl } from './management-api';
import { shown } from './table';
import { BadUsage, parseWord } from './word';
import type { Word } from './word';

const WORDS: ReadonlyMap<string, Word> = new Map([
  ['keys', keysWord],
  ['budgets', budgetsWord],
  ['brake', brakeWord],
  ['lift', liftWord],
  ['holds', holdsWord],
  ['audit', auditWord],
  ['backup', backupWord],
]);

/** Where what a word says goes. */
export interface WordOutput {
  out: (text: string) => void;
  error: (line: string) => void;
}

/** Whether an argument is one of the operator's commands. */
export function isWord(argument: string | undefined): argument is string {
  return argument !== undefined && WORDS.has(argument);
}

/**
 * Sends one of the operator's commands to a running broker.
 *
 * @returns 0; 1 where the broker refused or a verification failed; 2 where it was not understood.
 */
export async function runWord(
  name: string,
  args: string[],
  env: NodeJS.ProcessEnv,
  { out, error }: WordOutput,
): Promise<number> {
  try {
    const word = WORDS.get(name);
    if (word === undefined) throw new BadUsage(`${name} is no word`);
    const { url, json, help, options, operands } = parseWord(args, word.options);
    if (help) {
      out(word.help);
      return 0;
    }
    const base = brokerUrl(url);
    if (base === undefined) {
      throw new BadUsage('--url must be an https: origin (http: is taken only to loopback)');
    }
    const token = env['KEYBRAKE_TOKEN'] ?? '';
    if (!/^[\x21-\x7e]+$/.test(token)) {
      throw new BadUsage("KEYBRAKE_TOKEN must be set to the broker's management token");
    }
    const result = await word.run({ api: new ManagementApi(base, token), operands, options });
    out(json ? `${JSON.stringify(result.json)}\n` : result.text);
    return result.ok === false ? 1 : 0;
  } catch (failure) {
    if (failure instanceof BadUsage) {
      error(shown(`${name}: ${failure.message} (see ${name} --help)`));
      return 2;
    }
    if (!(failure instanceof ManagementFault)) throw failure;
    error(shown(`${name}: ${failure.message}`));
    return 1;
  }
}
