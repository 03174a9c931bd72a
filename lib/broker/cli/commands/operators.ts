import { hashToken } from '../../keys/token';
import { newOperatorToken } from '../../operators/operator-token';
import { BadUsage, operandsOf } from '../command';
import type { Command } from '../command';

export const operatorsCommand: Command = {
  help: `Usage: vault-key-broker operators token    makes an operator's token and its hash

The token is shown this once: give it to the operator. The hash goes into the broker's config file,
among the operator's "tokenHashes"; a SIGHUP has the broker read it. While a token is replaced, both
hashes are there. Asks no broker, and needs no token.

  --json       {"token","hash"}
  --help       this text
`,
  options: [],
  isLocal: () => true,
  run({ operands: [action, ...rest] }) {
    if (action !== 'token') {
      throw new BadUsage(
        action === undefined ? 'token is missing' : `there is no action ${action}: it is token`,
      );
    }
    operandsOf(rest);
    const token = newOperatorToken();
    const hash = hashToken(token);
    const text = `token (shown this once): ${token}\nhash (for the config):   ${hash}\n`;
    return Promise.resolve({ json: { token, hash }, text });
  },
};
