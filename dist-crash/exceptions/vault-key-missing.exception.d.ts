import { VaultKeyException } from './vault-key.exception';
/**
 * Why there is no key: a vendor call with no run around it, in a run that is over or that the
 * shutdown of the application cut off, or in one whose key is another vendor's; a marked method that Nest called with no interceptor around it, that
 * belongs to no application with `VaultKeyModule`, or whose call was given up before it began.
 */
export type VaultKeyMissingReason = 'outside_run' | 'run_ended' | 'shut_down' | 'other_vendor' | 'not_intercepted' | 'not_bound' | 'too_late';
declare const CALL_HAPPENED: {
    outside_run: string;
    run_ended: string;
    shut_down: string;
    other_vendor: string;
};
declare const TOOL_HAPPENED: {
    not_intercepted: string;
    not_bound: string;
    too_late: string;
};
/**
 * There was no vault key to go with, so nothing was sent, or the tool was not run: there is no
 * fall-back to the account's own key. Answered as 500 `vault_key_missing`; a fault in the
 * application's code.
 */
export declare class VaultKeyMissingException extends VaultKeyException {
    readonly reason: VaultKeyMissingReason;
    constructor(init?: {
        vendor?: string;
        reason?: keyof typeof CALL_HAPPENED;
    } | {
        tool: string;
        reason: keyof typeof TOOL_HAPPENED;
    });
}
export {};
