import { HttpException } from '@nestjs/common';
import { AgentBrakedException } from './agent-braked.exception';
import { ApprovalRequiredException } from './approval-required.exception';
import { CallRefusedException } from './call-refused.exception';
import { EndpointNotAllowedException } from './endpoint-not-allowed.exception';
import { SpendCapExceededException } from './spend-cap-exceeded.exception';
import { dollarsText } from '../contract/usd';
import { VaultKeyException } from './vault-key.exception';
import { VaultKeyInvalidException } from './vault-key-invalid.exception';
import { VaultKeyMissingException } from './vault-key-missing.exception';
import { VaultKeyUnavailableException } from './vault-key-unavailable.exception';
import { VendorException } from './vendor.exception';
import { VendorOutcomeUnknownException } from './vendor-outcome-unknown.exception';
import { VendorRateLimitedException } from './vendor-rate-limited.exception';
import { VendorUnreachableException } from './vendor-unreachable.exception';

const BARE: VaultKeyException[] = [
  new AgentBrakedException(),
  new ApprovalRequiredException({ approvalId: 'apr_1' }),
  new CallRefusedException({ status: 400, code: 'invalid_path', message: 'No.' }),
  new EndpointNotAllowedException({ allowed: [], attempted: 'POST /v1/payouts' }),
  new SpendCapExceededException(),
  new VaultKeyInvalidException(),
  new VaultKeyMissingException(),
  new VaultKeyUnavailableException({ message: 'Not now.' }),
  new VendorException({ vendor: 'stripe', vendorStatus: 404 }),
  new VendorOutcomeUnknownException({ happened: 'the connection broke' }),
  new VendorRateLimitedException({}),
  new VendorUnreachableException(),
];

describe.each(BARE.map((exception) => [exception.name, exception] as const))(
  '%s, with nothing more known',
  (name, exception) => {
    it('reads as a sentence, and its body has no empty field', () => {
      const { error, message, retryable, ...details } = exception.getResponse();

      expect(name).toBe(exception.constructor.name);
      expect(exception).toBeInstanceOf(HttpException);
      expect(error).toBe(exception.code);
      expect(message).toBe(exception.message);
      expect(message).not.toMatch(/undefined|NaN|null|\$\{|\s\s/);
      expect(message).toMatch(/\.$/);
      expect(retryable).toBe(exception.retryable);
      expect(Object.values(details)).not.toContain(undefined);
    });
  },
);

describe('a missing key', () => {
  it.each(['outside_invocation', 'invocation_ended', 'other_vendor'] as const)(
    'lists the usual causes when the reason is %s',
    (reason) => {
      const exception = new VaultKeyMissingException({ vendor: 'stripe', reason });

      expect(exception.getStatus()).toBe(500);
      expect(exception.getResponse()).toMatchObject({ error: 'vault_key_missing', reason });
      for (const hint of [
        '@AgentTool',
        'did not await',
        'inheritAppConfig',
        'VaultKeyService.run',
        "ifNested: 'override'",
        'DataLoader',
        'shareReplay()',
        '@AgentTool({ vendor })',
      ]) {
        expect(exception.message).toContain(hint);
      }
    },
  );
});

it.each([
  [500, '$500'],
  [12.5, '$12.50'],
  [0.1 + 0.2, '$0.30'],
  [0.000001, '$0.000001'],
  [-3, '-$3'],
  [0, '$0'],
])('writes %d USD as %s', (usd, text) => {
  expect(dollarsText(usd)).toBe(text);
});
