import { HttpStatus } from '@nestjs/common';
import { knownDetails } from './known-details';
import { VaultKeyException } from './vault-key.exception';

/**
 * Why there is no key: a vendor call with no invocation around it, in an invocation that is over or
 * that the shutdown of the application cut off, or in one whose key is another account's; a marked
 * method that Nest called with no interceptor around it, that belongs to no application with
 * `VaultKeyModule`, or whose call was given up before it began.
 */
export type VaultKeyMissingReason =
  | 'outside_invocation'
  | 'invocation_ended'
  | 'shut_down'
  | 'other_vendor'
  | 'not_intercepted'
  | 'not_bound'
  | 'too_late';

const CALL_HAPPENED = {
  outside_invocation: 'was made outside an invocation, so there is no vault key for it',
  invocation_ended: 'was made after its invocation had ended, so its vault key is gone',
  shut_down:
    'was made while the application was shutting down, after the time that work in progress is given (shutdownGrace), so its vault key is gone',
  other_vendor: "was made in an invocation whose vault key is another account's",
};

const CALL_CAUSES = [
  '- the handler or method is not marked with @AgentTool;',
  '- the call was made after the invocation had ended: a promise that the handler did not await, or work begun after the response had closed;',
  '- a hybrid application whose connectMicroservice() was called without { inheritAppConfig: true }, so that no interceptor ran;',
  '- work that belongs to no marked method (a script, a start-up hook): wrap it in VaultKeyService.run(policy, work);',
  "- the code opened a context of its own inside the invocation, with ifNested: 'override' of nestjs-cls: 'inherit' keeps the key;",
  '- a DataLoader, a worker loop or a shareReplay() that several users share made the call, in the context of the user who began it: one loader a request, and VaultKeyService.run(policy, work) in the loop;',
  "- the invocation's key is for another account: name this one in @AgentTool({ vendor }), or open an invocation for it with VaultKeyService.run({ vendor, … }, work).",
];

const TOOL_HAPPENED = {
  not_intercepted:
    'is a handler that Nest routes, and was called with no interceptor around it, so there was no vault key for it and it was not run. The usual causes:',
  not_bound:
    'is marked with @AgentTool and was called on an object that belongs to no application with VaultKeyModule, so there was no vault key for it and it was not run. The usual causes:',
  too_late:
    'was about to begin when its invocation had ended, so there was no vault key for it and it was not run. The usual causes:',
};

const TOOL_CAUSES = {
  not_intercepted: [
    '- a hybrid application: say connectMicroservice(options, { inheritAppConfig: true }), MCP servers included;',
    "- a GraphQL field resolver: give GraphQLModule fieldResolverEnhancers: ['interceptors'];",
    '- the application calls the handler itself: wrap the call in VaultKeyService.run(policy, work).',
  ],
  not_bound: [
    '- the module that imports VaultKeyModule is not part of the application (in a spec: VaultKeyTestingModule);',
    '- the object was made with new: have the container make it, as a provider or controller;',
    '- a request-scoped factory made it, or its module was loaded lazily: wrap the call in VaultKeyService.run(policy, work);',
    '- two applications in this process have the class as a request-scoped provider, so that it cannot be told whose it is.',
  ],
  too_late: ['- a timeout() around the handler passed while its pipes were still at work.'],
};

/**
 * There was no vault key to go with, so nothing was sent, or the tool was not run: there is no
 * fall-back to the account's own key. Answered as 500 `vault_key_missing`; a fault in the
 * application's code.
 */
export class VaultKeyMissingException extends VaultKeyException {
  readonly reason: VaultKeyMissingReason;

  constructor(
    init:
      | { vendor?: string; reason?: keyof typeof CALL_HAPPENED }
      | { tool: string; reason: keyof typeof TOOL_HAPPENED } = {},
  ) {
    const reason = init.reason ?? 'outside_invocation';
    super({
      code: 'vault_key_missing',
      message: ('tool' in init ? toolMessage(init.tool, init.reason) : callMessage(init)).join(
        '\n',
      ),
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      retryable: false,
      details: knownDetails(
        'tool' in init ? { reason, tool: init.tool } : { reason, vendor: init.vendor },
      ),
    });
    this.reason = reason;
  }
}

function callMessage(init: { vendor?: string; reason?: keyof typeof CALL_HAPPENED }): string[] {
  const call = init.vendor === undefined ? 'A vendor call' : `A call to ${init.vendor}`;
  const happened = CALL_HAPPENED[init.reason ?? 'outside_invocation'];
  if (init.reason === 'shut_down') return [`${call} ${happened}. Nothing was sent.`];
  return [`${call} ${happened}. Nothing was sent. The usual causes:`, ...CALL_CAUSES];
}

function toolMessage(tool: string, reason: keyof typeof TOOL_HAPPENED): string[] {
  return [`${tool} ${TOOL_HAPPENED[reason]}`, ...TOOL_CAUSES[reason]];
}
