import { writeCopy } from '../../ledger/sqlite/store-copy';
import { ManagementApiError } from '../management-api';
import { COMMON_HELP, operandsOf } from '../command';
import type { Command } from '../command';

export const backupCommand: Command = {
  help: `Usage: vault-key-broker backup FILE   copies the store of the running broker to a new file here

The copy is whole in one file. The audit key is not in it: keep that apart.

${COMMON_HELP}`,
  options: [],
  async run({ api, operands }) {
    const [file = ''] = operandsOf(operands, 'FILE');
    const copy = await api.file('/v1/backup');
    try {
      await writeCopy(copy, file);
    } catch (error) {
      throw new ManagementApiError(`${file} was not written: ${(error as Error).message}`);
    }
    const { bytes } = copy;
    return { json: { file, bytes }, text: `${file} has the store: ${bytes} bytes\n` };
  },
};
