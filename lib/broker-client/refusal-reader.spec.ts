import { AgentBrakedException } from '../exceptions/agent-braked.exception';
import { ApprovalRequiredException } from '../exceptions/approval-required.exception';
import { CallRefusedException } from '../exceptions/call-refused.exception';
import { EndpointNotAllowedException } from '../exceptions/endpoint-not-allowed.exception';
import { readIssueRefusal, readProxiedAnswer } from './refusal-reader';
import type { ProxiedAnswer } from './refusal-reader';
import { SpendCapExceededException } from '../exceptions/spend-cap-exceeded.exception';
import type { VaultKeyException } from '../exceptions/vault-key.exception';
import { VaultKeyInvalidException } from '../exceptions/vault-key-invalid.exception';
import { VaultKeyUnavailableException } from '../exceptions/vault-key-unavailable.exception';
import { VendorException } from '../exceptions/vendor.exception';
import { VendorOutcomeUnknownException } from '../exceptions/vendor-outcome-unknown.exception';
import { VendorRateLimitedException } from '../exceptions/vendor-rate-limited.exception';
import { VendorUnreachableException } from '../exceptions/vendor-unreachable.exception';

function read(answer: Partial<ProxiedAnswer>): VaultKeyException | undefined {
  return readProxiedAnswer({
    status: 200,
    headers: {},
    body: undefined,
    vendor: 'stripe',
    idempotencyKey: 'order-1',
    readOnly: false,
    ...answer,
  });
}

/** A refusal of the broker's own, in both places where its readers look. */
function refusal(
  status: number,
  code: string,
  fields: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Partial<ProxiedAnswer> {
  const message = 'The broker says why.';
  return {
    status,
    headers: { 'x-vault-key-verdict': code, ...headers },
    body: {
      error: { type: 'vault_key_error', code, message, param: null, ...fields },
      code,
      ...fields,
    },
  };
}

function forwarded(
  status: number,
  error: Record<string, unknown>,
  headers: Record<string, string> = {},
): Partial<ProxiedAnswer> {
  return { status, headers: { 'x-vault-key-verdict': 'forwarded', ...headers }, body: { error } };
}

const CAP = {
  scope: 'key',
  cap_usd: 500,
  spent_usd: 480,
  held_usd: 5,
  requested_usd: 25,
  remaining_usd: 15,
};

describe("the broker's refusals", () => {
  it('tells of a cap: whose, how much of it is spent, and what is left', () => {
    const exception = read(refusal(429, 'cap_exhausted', CAP));

    expect(exception).toBeInstanceOf(SpendCapExceededException);
    expect(exception?.getStatus()).toBe(402);
    expect(exception?.getResponse()).toEqual({
      error: 'spend_cap_exceeded',
      message:
        'The spend cap of $500 of this invocation does not allow this call ($480 is spent, $5 is reserved by calls in flight, $15 is left, this call asks for $25). Nothing was sent to the vendor. Do not repeat the call: ask a person before spending more.',
      retryable: false,
      scope: 'key',
      cap: 500,
      spent: 480,
      held: 5,
      requested: 25,
      remaining: 15,
    });
  });

  it("tells when a budget's day ends", () => {
    const exception = read(
      refusal(429, 'cap_exhausted', { ...CAP, scope: 'user', resets_at: '2026-11-24T00:00:00Z' }),
    );

    expect(exception).toMatchObject({ scope: 'user', resetsAt: '2026-11-24T00:00:00.000Z' });
    expect(exception?.message).toContain('wait until 2026-11-24T00:00:00.000Z');
  });

  it.each(['store_unavailable', 'audit_unavailable', 'overloaded'])(
    'answers %s as 503, to be tried again',
    (code) => {
      const exception = read(refusal(503, code, {}, { 'retry-after': '1' }));

      expect(exception).toBeInstanceOf(VaultKeyUnavailableException);
      expect(exception?.getStatus()).toBe(503);
      expect(exception?.getResponse()).toMatchObject({
        error: 'vault_key_unavailable',
        retryable: true,
        retryAfter: 1,
      });
    },
  );

  it('never answers a refused key as 401', () => {
    const exception = read(refusal(401, 'invalid_key'));

    expect(exception).toBeInstanceOf(VaultKeyInvalidException);
    expect(exception?.getStatus()).toBe(503);
    expect(exception?.getResponse()).toMatchObject({
      error: 'vault_key_invalid',
      retryable: false,
    });
    expect(read(refusal(401, 'some_other_code'))?.getStatus()).toBe(503);
  });

  it('tells what is allowed and what was attempted', () => {
    const exception = read(
      refusal(403, 'endpoint_not_allowed', {
        allowed_endpoints: ['/v1/charges'],
        attempted: 'POST /v1/payouts',
      }),
    );

    expect(exception).toBeInstanceOf(EndpointNotAllowedException);
    expect(exception?.getStatus()).toBe(403);
    expect(exception?.getResponse()).toMatchObject({
      error: 'endpoint_not_allowed',
      retryable: false,
      allowed: ['/v1/charges'],
      attempted: 'POST /v1/payouts',
    });
  });

  it('reads which approval a call needs, and links to no page but one of the web', () => {
    const fields = { approval_id: 'apr_1', expires_at: '2026-11-24T10:00:00.000Z' };
    const link = 'https://ops.example.com/#/approvals/apr_1';
    const exception = read(refusal(403, 'approval_required', { ...fields, approval_url: link }));
    expect(exception).toBeInstanceOf(ApprovalRequiredException);
    expect(exception?.getResponse()).toMatchObject({
      error: 'approval_required',
      retryable: true,
      approvalId: 'apr_1',
      expiresAt: '2026-11-24T10:00:00.000Z',
      approvalUrl: link,
    });
    for (const approval_url of ['javascript:alert(1)', 'file:///etc/passwd', 7, 'https://']) {
      const other = read(refusal(403, 'approval_required', { ...fields, approval_url }));
      expect(other?.getResponse()).not.toHaveProperty('approvalUrl');
    }
    // A server that names none is not to be waited for.
    expect(read(refusal(403, 'approval_required'))).toBeInstanceOf(CallRefusedException);
    expect(read(refusal(403, 'approval_denied', fields))).toMatchObject({
      code: 'approval_denied',
      retryable: false,
    });
  });

  it('tells of a brake', () => {
    const exception = read(refusal(403, 'braked', { scope: 'tool', reason: 'a loop' }));

    expect(exception).toBeInstanceOf(AgentBrakedException);
    expect(exception?.getStatus()).toBe(403);
    expect(exception?.getResponse()).toMatchObject({ error: 'agent_braked', reason: 'a loop' });
  });

  it.each([502, 504])('keeps %i for an unknown outcome', (status) => {
    const exception = read(refusal(status, 'vendor_outcome_unknown'));

    expect(exception).toBeInstanceOf(VendorOutcomeUnknownException);
    expect(exception?.getStatus()).toBe(status);
    expect(exception?.getResponse()).toMatchObject({
      error: 'vendor_outcome_unknown',
      retryable: true,
      idempotencyKey: 'order-1',
    });
  });

  it('lets nobody repeat a call of unknown outcome without its idempotency key', () => {
    const exception = read({
      ...refusal(502, 'vendor_outcome_unknown'),
      idempotencyKey: undefined,
    });

    expect(exception?.retryable).toBe(false);
  });

  it('tells that the vendor was not reached', () => {
    const exception = read(refusal(502, 'vendor_unreachable'));

    expect(exception).toBeInstanceOf(VendorUnreachableException);
    expect(exception?.getStatus()).toBe(502);
    expect(exception?.retryable).toBe(true);
  });

  it.each<[number, string]>([
    [400, 'invalid_amount'],
    [403, 'amount_unknown'],
    [403, 'currency_not_priced'],
    [413, 'body_too_large'],
    [422, 'idempotency_key_reused'],
    [502, 'vendor_redirect'],
    [502, 'vendor_rejected_credentials'],
    [404, 'not_found'],
  ])('keeps status %i and code %s of any other refusal', (status, code) => {
    const exception = read(refusal(status, code, { hint: 'more' }));

    expect(exception).toBeInstanceOf(CallRefusedException);
    expect(exception?.getStatus()).toBe(status);
    expect(exception?.getResponse()).toEqual({
      error: code,
      message: 'The broker says why.',
      retryable: false,
      hint: 'more',
    });
  });

  it('goes by the mark alone, whatever the body says', () => {
    expect(read({ ...refusal(429, 'cap_exhausted'), body: undefined })).toBeInstanceOf(
      SpendCapExceededException,
    );
    expect(read({ ...refusal(200, 'braked'), body: { id: 'pi_1' } })).toBeInstanceOf(
      AgentBrakedException,
    );
    expect(
      read({
        ...forwarded(429, {}),
        body: { code: 'cap_exhausted', error: 'Daily spend cap of $1 reached' },
      }),
    ).toBeInstanceOf(VendorRateLimitedException);
  });
});

describe('the refusals of a Keybrake server, which marks nothing', () => {
  it.each([429, 402])('knows a cap by its top-level code, with %i', (status) => {
    const exception = read({
      status,
      body: { code: 'cap_exhausted', cap_usd: 500, spent_usd: 500 },
    });

    expect(exception).toBeInstanceOf(SpendCapExceededException);
    expect(exception).toMatchObject({ cap: 500, spent: 500, remaining: 0 });
  });

  it.each<[string, number]>([
    ['Daily spend cap of $500 reached', 500],
    ['Daily spend cap of $1,250.50 reached. Resets at midnight.', 1250.5],
  ])('knows a cap by the sentence %j', (error, cap) => {
    const exception = read({ status: 429, body: { error, spent_today_usd: 499.5 } });

    expect(exception).toBeInstanceOf(SpendCapExceededException);
    expect(exception).toMatchObject({ cap, spent: 499.5, remaining: cap - 499.5 });
  });

  it('knows an endpoint that is not allowed', () => {
    const body = { allowed_endpoints: ['/v1/charges'], attempted: '/v1/payouts' };

    expect(read({ status: 403, body })).toBeInstanceOf(EndpointNotAllowedException);
  });

  it('takes a 401 for a key that is not accepted', () => {
    expect(read({ status: 401, body: { error: 'unauthorized' } })?.getStatus()).toBe(503);
    expect(read({ status: 401 })).toBeInstanceOf(VaultKeyInvalidException);
  });

  it("takes Stripe's own card errors for Stripe's", () => {
    const exception = read({
      status: 402,
      body: { error: { type: 'card_error', code: 'card_declined', message: 'Declined.' } },
    });

    expect(exception).toBeInstanceOf(VendorException);
    expect(exception?.getStatus()).toBe(402);
  });

  it('takes a cap code inside the error, where a vendor could put it, for no cap', () => {
    expect(read({ status: 429, body: { error: { code: 'cap_exhausted' } } })).toBeInstanceOf(
      VendorRateLimitedException,
    );
  });

  it('takes a 5xx of something on the way for an unknown outcome', () => {
    expect(read({ status: 502 })).toBeInstanceOf(VendorOutcomeUnknownException);
    expect(read({ status: 504 })?.getStatus()).toBe(504);
  });
});

describe("the vendor's answers", () => {
  it('finds nothing wrong with JSON and 2xx, or with 204', () => {
    expect(read({ body: { id: 'pi_1' } })).toBeUndefined();
    expect(
      read({ headers: { 'x-vault-key-verdict': 'forwarded' }, body: { id: 'pi_1' } }),
    ).toBeUndefined();
    expect(read({ status: 204 })).toBeUndefined();
  });

  it.each<[string, Partial<ProxiedAnswer>]>([
    ['a 200 that is no JSON', { status: 200 }],
    ['a 200 that is a bare word', { status: 200, body: 'ok' }],
    ['a 200 that is null', { status: 200, body: null }],
    ['a redirect', { status: 302, body: {} }],
  ])('does not know the outcome after %s', (_title, answer) => {
    const exception = read(answer);

    expect(exception).toBeInstanceOf(VendorOutcomeUnknownException);
    expect(exception).toMatchObject({ idempotencyKey: 'order-1' });
  });

  it('tells how long its rate limit asks to wait, in either form', () => {
    jest.useFakeTimers({ now: new Date('2026-11-23T10:00:00Z') });
    try {
      const inSeconds = read(forwarded(429, {}, { 'retry-after': '3' }));
      const untilThen = read(
        forwarded(429, {}, { 'retry-after': 'Mon, 23 Nov 2026 10:00:09 GMT' }),
      );

      expect(inSeconds).toBeInstanceOf(VendorRateLimitedException);
      expect(inSeconds?.getStatus()).toBe(429);
      expect(inSeconds?.getResponse()).toMatchObject({ retryable: true, retryAfter: 3 });
      expect(untilThen).toMatchObject({ retryAfter: 9 });
      expect(read(forwarded(429, {}, { 'retry-after': 'later' }))?.details).not.toHaveProperty(
        'retryAfter',
      );
    } finally {
      jest.useRealTimers();
    }
  });

  it('passes on what the vendor says of its error', () => {
    const exception = read(
      forwarded(
        402,
        {
          type: 'card_error',
          code: 'card_declined',
          decline_code: 'insufficient_funds',
          message: 'Your card has insufficient funds.',
          param: 'payment_method',
        },
        { 'request-id': 'req_1' },
      ),
    );

    expect(exception).toBeInstanceOf(VendorException);
    expect(exception?.getResponse()).toEqual({
      error: 'vendor_error',
      message:
        'stripe answered 402 (card_declined, insufficient_funds): Your card has insufficient funds.',
      retryable: false,
      vendor: 'stripe',
      vendorStatus: 402,
      code: 'card_declined',
      declineCode: 'insufficient_funds',
      type: 'card_error',
      param: 'payment_method',
      requestId: 'req_1',
    });
  });

  it.each([
    [400, 400],
    [402, 402],
    [404, 404],
    [409, 409],
    [422, 422],
    [401, 502],
    [403, 502],
    [408, 502],
    [500, 502],
    [503, 502],
  ])("answers the vendor's %i as %i", (status, answered) => {
    const exception = read(forwarded(status, { message: 'No.' }));

    expect(exception).toBeInstanceOf(VendorException);
    expect(exception?.getStatus()).toBe(answered);
  });

  it('says of a 5xx that it may have been executed, and with which idempotency key', () => {
    const exception = read(forwarded(500, { message: 'Oops.' }));

    expect(exception?.message).toContain('may have been executed');
    expect(exception?.getResponse()).toMatchObject({ idempotencyKey: 'order-1' });
  });
});

describe('the answers to an issue request', () => {
  it.each([200, 301, 400, 401, 404, 422, 429, 500, 503])('makes %i a 503', (status) => {
    const exception = readIssueRefusal({ status, headers: {}, body: undefined });

    expect(exception).toBeInstanceOf(VaultKeyUnavailableException);
    expect(exception.message).not.toContain('undefined');
  });

  it('tells of a brake', () => {
    expect(readIssueRefusal({ status: 403, headers: {}, body: { code: 'braked' } })).toBeInstanceOf(
      AgentBrakedException,
    );
  });
});
