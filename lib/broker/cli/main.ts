#!/usr/bin/env node
import { BadSetting } from './bad-setting';
import { isOperatorCommand, runOperatorCommand } from './operator-commands';
import { HELP, readSettings } from './settings';
import type { Settings } from './settings';

const EXIT_BAD_SETTING = 2;

async function main(): Promise<void> {
  const [name, ...args] = process.argv.slice(2);
  if (isOperatorCommand(name)) {
    process.exitCode = await runOperatorCommand(name, args, process.env, {
      out: (text) => process.stdout.write(text),
      error: (line) => process.stderr.write(`vault-key-broker ${line}\n`),
    });
    return;
  }
  const read = () => readSettings(process.argv.slice(2), process.env);
  const settings = read();
  if (settings === 'help') {
    process.stdout.write(HELP);
    return;
  }
  // Loaded where it is needed alone: it takes longer than all an operator's command does.
  const { serve } = await import('./serve.js');
  await serve(settings, () => read() as Settings);
}

main().catch((error: unknown) => {
  const line = error instanceof Error ? error.message : String(error);
  process.stderr.write(`vault-key-broker: ${line.replaceAll('\n', ' ')}\n`);
  process.exit(error instanceof BadSetting ? EXIT_BAD_SETTING : 1);
});
