import { BadUsage, COMMON_HELP, onlyWith, operandsOf } from '../command';
import type { Command } from '../command';
import { moveFrom } from './migrate-from';

export const migrateCommand: Command = {
  help: `Usage: vault-key-broker migrate --from sqlite:FILE --to postgres://…   moves a store

${COMMON_HELP}`,
  options: ['from', 'to', 'accept-store'],
  isLocal: () => true,
  async run(input) {
    const { options, operands } = input;
    operandsOf(operands);
    if (options['from'] === undefined) throw new BadUsage('--from is missing');
    onlyWith(options, 'migrate --from', ['from', 'to', 'accept-store']);
    return moveFrom(options['from'], input);
  },
};
