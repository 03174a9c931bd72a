import { fieldsNotEchoed, ownIssueFields } from './management-wire';

it('a broker that does not say that it asks a person enforces no approval', () => {
  const request = {
    label: 'a label',
    vendor: 'stripe',
    dailyUsdCap: 500,
    allowedEndpoints: ['/v1/refunds'],
    expiresIn: '5m',
    subject: {},
    approveAboveUsd: 100,
  };
  const sent = ownIssueFields(request);
  expect(sent['approve_above_usd']).toBe(100);
  expect(fieldsNotEchoed(sent, { approve_above_usd: 100 })).toEqual([]);
  expect(fieldsNotEchoed(sent, { approve_above_usd: 1_000 })).toEqual(['approve_above_usd']);
  expect(fieldsNotEchoed(sent, {})).toEqual(['approve_above_usd']);
});
