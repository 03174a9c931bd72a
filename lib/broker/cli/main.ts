#!/usr/bin/env node
import { BadSetting } from './bad-setting';
import { isOperatorCommand, runOperatorCommand } from './operator-commands';

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
  // An operator's command needs no broker of its own, and would wait for its code to load.
  const { serve } = await import('./serve.js');
  await serve(process.argv.slice(2), process.env);
}

main().catch((error: unknown) => {
  const line = error instanceof Error ? error.message : String(error);
  process.stderr.write(`vault-key-broker: ${line.replaceAll('\n', ' ')}\n`);
  process.exit(error instanceof BadSetting ? EXIT_BAD_SETTING : 1);
});
