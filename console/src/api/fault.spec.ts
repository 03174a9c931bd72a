import { faultOf } from './fault';

it('reads a refusal of the management API', () => {
  const fault = faultOf(404, null, {
    error: { type: 'vault_key_error', code: 'not_found', message: 'There is no such brake.', param: null },
    code: 'not_found',
  });
  expect([fault.code, fault.message]).toEqual(['not_found', 'There is no such brake.']);
});

it('names every bad field in words', () => {
  const fields = [
    { field: 'daily_usd_cap', message: 'must not be negative' },
    { field: 'reason', message: 'must say why' },
  ];
  const fault = faultOf(422, null, { error: { code: 'invalid_request', fields }, fields });
  expect(fault.message).toBe('Daily USD cap must not be negative; Reason must say why');
});

it('says when to try again', () => {
  expect(faultOf(429, '42', undefined).retryAfter).toBe(42);
});

it.each([undefined, 'a page of a proxy', { error: 'no' }, []])('bears an answer like %j', (body) => {
  expect(faultOf(502, null, body).message).toMatch(/^[A-Z].*\.$/);
});
