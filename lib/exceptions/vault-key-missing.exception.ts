import { HttpStatus } from '@nestjs/common';
import { knownDetails } from './known-details';
import { VaultKeyException } from './vault-key.exception';

/** Why there is no key for a call: no run around it, a run that is over, or a key for another vendor. */
export type VaultKeyMissingReason = 'outside_run' | 'run_ended' | 'other_vendor';

const HAPPENED: Readonly<Record<VaultKeyMissingReason, string>> = {
  outside_run: 'was made outside a run, so there is no vault key for it',
  run_ended: 'was made after its run had ended, so its vault key is gone',
  other_vendor: "was made in a run whose vault key is another vendor's",
};

/**
 * A vendor call had no vault key to go with, so nothing was sent: there is no fall-back to the
 * account's own key. Answered as 500 `vault_key_missing`; a fault in the application's code.
 */
export class VaultKeyMissingException extends VaultKeyException {
  readonly reason: VaultKeyMissingReason;

  constructor(init: { vendor?: string; reason?: VaultKeyMissingReason } = {}) {
    const reason = init.reason ?? 'outside_run';
    const call = init.vendor === undefined ? 'A vendor call' : `A call to ${init.vendor}`;
    super({
      code: 'vault_key_missing',
      message: [
        `${call} ${HAPPENED[reason]}. Nothing was sent. The usual causes:`,
        '- the handler is not marked with @AgentTool;',
        '- the call was made after the run had ended: a promise that the handler did not await, or work begun after the response had closed;',
        '- a hybrid application whose connectMicroservice() was called without { inheritAppConfig: true }, so that no interceptor ran;',
        '- a method that Nest does not route (a timer, a queue, an event listener): wrap its work in VaultKeyService.run(policy, work);',
        "- the run's key is for another vendor: name this one in @AgentTool({ vendor }).",
      ].join('\n'),
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      retryable: false,
      details: knownDetails({ reason, vendor: init.vendor }),
    });
    this.reason = reason;
  }
}
