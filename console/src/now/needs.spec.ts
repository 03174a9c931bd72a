import type { ApprovalView, BudgetView, WebhookView } from '../api/views';
import { needsOf } from './needs';
import type { Facts } from './needs';

const QUIET: Facts = {
  approvals: [],
  holds: [],
  hasMoreHolds: false,
  brakes: [],
  budgets: [],
  webhooks: [],
};
const budget = (change: Partial<BudgetView>): BudgetView => ({
  scope: 'user',
  id: 'mira',
  source: 'operator',
  daily_usd_cap: 100,
  spent_usd: 0,
  held_usd: 0,
  ...change,
});
const texts = (facts: Partial<Facts>): string[] =>
  needsOf({ ...QUIET, ...facts }).map(({ text }) => text);

it('is quiet where nothing waits', () => {
  expect(texts({ budgets: [budget({ spent_usd: 79.99 })] })).toEqual([]);
});

it('tells of a budget from 80 % of spent and held on', () => {
  expect(texts({ budgets: [budget({ spent_usd: 60, held_usd: 20 })] })).toEqual([
    '80 % of the budget of user mira is used: $80.00 of $100.00 a day.',
  ]);
});

it('says of which period a budget is, and that one in shadow mode refuses nothing', () => {
  const full = budget({ spent_usd: 120, period: 'month' });
  expect(texts({ budgets: [full] })).toEqual([
    '120 % of the budget of user mira is used: $120.00 of $100.00 a month.',
  ]);
  expect(needsOf({ ...QUIET, budgets: [{ ...full, mode: 'shadow' }] })).toMatchObject([
    {
      tone: 'plain',
      text: '120 % of the budget of user mira is used: $120.00 of $100.00 a month. In shadow mode it refuses nothing.',
    },
  ]);
});

it('tells of no budget that is counted for each subject alone, and of no cap that means nothing', () => {
  const { spent_usd: _, held_usd: __, ...each } = budget({ id: '*' });
  expect(texts({ budgets: [each, budget({ daily_usd_cap: 0 })] })).toEqual([]);
});

it('tells of a few of many full budgets, and how many more there are', () => {
  const budgets = Array.from({ length: 12 }, (_, i) => budget({ id: `u${i}`, spent_usd: 90 }));
  expect(texts({ budgets }).at(-1)).toBe('7 more budgets above 80 %.');
});

it('tells first that the store has failed', () => {
  const needs = needsOf({
    ...QUIET,
    budgets: [budget({ spent_usd: 100 })],
    brakes: [
      {
        id: 'brk_1',
        scope: 'all',
        reason: 'incident 42',
        created_at: '2026-11-28T10:00:00Z',
        hit: 3,
      },
    ],
    storeFault: 'the disk is full',
  });
  expect(needs.map(({ tone }) => tone)).toEqual(['bad', 'bad', 'plain']);
  expect(needs[0]?.text).toContain('the disk is full');
  expect(needs[2]?.text).toBe('A brake stops everything: incident 42');
});

it('leads from an approval to its own page', () => {
  const approval: ApprovalView = {
    id: 'apr_1',
    state: 'pending',
    vendor: 'stripe',
    subject: { user_id: 'mira' },
    key_id: 'vk_1',
    label: 'nest-mira-r1',
    method: 'POST',
    path: '/v1/payment_intents',
    object_id: null,
    usd: 120,
    amount: 12000,
    currency: 'usd',
    customer: null,
    destinations: [],
    parameters: [],
    approve_above_usd: 100,
    scope: 'key',
    created_at: '2026-11-28T10:00:00Z',
    expires_at: '2026-11-29T10:00:00Z',
  };
  expect(needsOf({ ...QUIET, approvals: [approval] })).toMatchObject([
    {
      href: '#/approvals/apr_1',
      text: '$120.00 for mira waits for approval: POST /v1/payment_intents',
    },
  ]);
  const many = Array.from({ length: 7 }, (_, i) => ({ ...approval, id: `apr_${i}` }));
  expect(texts({ approvals: many }).slice(4)).toEqual([
    '$120.00 for mira waits for approval: POST /v1/payment_intents',
    '2 more calls wait for approval.',
  ]);
});

it('sums what unknown calls hold', () => {
  const hold = {
    id: 'call_1',
    key_id: 'vk_1',
    vendor: 'stripe',
    object_id: null,
    state: 'unknown' as const,
    settled_usd: 0,
    created_at: '2026-11-28T10:00:00Z',
    ended_at: null,
  };
  expect(
    texts({
      holds: [
        { ...hold, held_usd: 0.1 },
        { ...hold, held_usd: 0.2 },
      ],
    }),
  ).toEqual(['2 calls left and had no answer: $0.30 keeps counting.']);
});

it('tells of a webhook that has stopped, fails, or has lost an event, and of no other', () => {
  const webhook: WebhookView = {
    name: 'pager',
    origin: 'https://pager.example.com',
    events: ['brake'],
    status: 'active',
    rows_ahead: 0,
    subjects_behind: 0,
    parked: [],
  };
  const parked = [{ id: 'evt_1', kind: 'brake', reason: '500', parked_at: '2026-11-28T10:00:00Z' }];
  expect(
    texts({
      webhooks: [
        webhook,
        { ...webhook, status: 'stopped', stopped_at: '2026-11-28T10:00:00Z' },
        { ...webhook, status: 'behind', subjects_behind: 1, last_failure: 'it answered 500' },
        { ...webhook, parked },
      ],
    }),
  ).toEqual([
    'The receiver of webhook pager has answered 410: it is sent nothing until somebody resumes it.',
    'Webhook pager is tried again: it answered 500.',
    '1 event of webhook pager did not arrive and can be replayed.',
  ]);
});
