import type { INestApplication } from '@nestjs/common';
import { BrokerOperator } from 'nestjs-vault-key';
import type { Jobs } from '../jobs/jobs';
import { StripeAccount } from '../stripe-account/stripe-account';
import { Agent } from './agent';
import { Books, differences } from './books';
import { spendsInJobs } from './job-session';
import { McpAgent } from './mcp-agent';
import { spendsOverMcp } from './mcp-session';
import { auditTable, keyTable } from './report';
import type { Transcript } from './transcript';

/** The queue of jobs, where there is a Redis to keep it in. */
export interface Queueing {
  jobs?: Jobs | undefined;
  /** Where a Redis was looked for. */
  redis: string;
}

/**
 * Plays an agent's run against the application, over HTTP, MCP and a queue, and holds the broker's book against
 * Stripe's.
 *
 * @returns whether everything went as told and both books agree
 */
export async function playAgentRun(
  app: INestApplication,
  url: string,
  transcript: Transcript,
  { jobs, redis }: Queueing,
): Promise<boolean> {
  const account = app.get(StripeAccount);
  const agent = new Agent(url);
  const books = new Books(app.get(BrokerOperator), account, agent.runId);

  transcript.say('nestjs-vault-key: an agent spends money, and cannot run away with it');
  transcript.say(`Stripe:      ${account.description}`);
  transcript.say(`Agent's run: ${agent.runId}, over HTTP against ${url}`);
  transcript.say(
    jobs === undefined
      ? `Jobs:        left out, since no Redis answers at ${redis}; REDIS_URL names another`
      : `Jobs:        in the Redis at ${redis}`,
  );

  try {
    await chargesOnce(agent, books, transcript);
    await chargesForTwoUsersAtOnce(agent, books, transcript);
    await capturesLessThanReserved(agent, books, transcript);
    await listsCharges(agent, transcript);
    await triesPayout(agent, transcript);
    await chargesInALoop(agent, books, transcript);
    await usesMcp(agent, url, books, transcript);
    if (jobs !== undefined) await spendsInJobs(jobs, agent.runId, books, transcript);
    await everyKeyIsRevoked(books, transcript);
    await booksAgree(books, transcript);
  } catch (error) {
    transcript.fails(`The run broke off: ${error instanceof Error ? error.message : 'unknown'}`);
  }
  transcript.verdict();
  return transcript.failures.length === 0;
}

async function chargesOnce(agent: Agent, books: Books, transcript: Transcript): Promise<void> {
  transcript.step('A charge goes through, under a key issued for this request alone');
  const call = await agent.charge('ada', { amount: 1_250 });
  transcript.call(call);
  const { status, answer } = call;
  const paid = status === 201 && answer.payments?.[0]?.status === 'succeeded';
  transcript.check('Stripe charged the card', paid, answer);
  const key = await books.key(answer.vaultKey, ({ spentUsd }) => spentUsd === 12.5);
  transcript.check(
    'the broker counts $12.50 of the $100.00 the key may spend',
    key?.spentUsd === 12.5 && key.dailyUsdCap === 100,
    key,
  );
}

async function chargesForTwoUsersAtOnce(
  agent: Agent,
  books: Books,
  transcript: Transcript,
): Promise<void> {
  transcript.step('Two users at once have two keys');
  const calls = await Promise.all([
    agent.charge('ada', { amount: 2_000 }),
    agent.charge('bob', { amount: 3_000 }),
  ]);
  for (const call of calls) transcript.call(call);
  transcript.check(
    'both charges went through',
    calls.every(({ status }) => status === 201),
  );
  const [ada, bob] = await Promise.all(
    calls.map(({ answer, sent }) => {
      const { amount } = sent as { amount: number };
      return books.key(answer.vaultKey, ({ spentUsd }) => spentUsd * 100 === amount);
    }),
  );
  transcript.check(
    "each has a key in its own user's name, which paid for its own charge",
    ada?.id !== bob?.id &&
      ada?.subject.userId === 'ada' &&
      bob?.subject.userId === 'bob' &&
      ada.spentUsd === 20 &&
      bob.spentUsd === 30,
    [ada, bob],
  );
}

async function capturesLessThanReserved(
  agent: Agent,
  books: Books,
  transcript: Transcript,
): Promise<void> {
  transcript.step('$80.00 is reserved and $55.00 of it collected; the rest is given back');
  const reserved = await agent.charge('ada', { amount: 8_000, capture: false });
  transcript.call(reserved);
  const payment = reserved.answer.payments?.[0];
  const before = await books.key(reserved.answer.vaultKey, ({ spentUsd }) => spentUsd === 80);
  transcript.check(
    'reserved money counts as spent: $80.00',
    payment?.status === 'requires_capture' && before?.spentUsd === 80,
    before ?? reserved.answer,
  );
  if (payment === undefined) return;
  const captured = await agent.capture('ada', { paymentId: payment.id, amount: 5_500 });
  transcript.call(captured);
  const after = await books.key(reserved.answer.vaultKey, ({ spentUsd }) => spentUsd === 55);
  transcript.check(
    'the key that reserved it now counts $55.00',
    captured.answer.payments?.[0]?.received === 5_500 && after?.spentUsd === 55,
    after,
  );
}

async function listsCharges(agent: Agent, transcript: Transcript): Promise<void> {
  transcript.step('Reading costs nothing: a key with a cap of $0.00 is enough');
  const { status, answer, ...call } = await agent.list('bob');
  const charges = answer.charges?.slice(0, 2);
  transcript.call({ ...call, status, answer: { ...answer, ...(charges && { charges }) } });
  const count = answer.charges?.length ?? 0;
  transcript.check(
    `the tool sees the ${count} latest charges, two of them shown here`,
    status === 200 && count >= 4,
    answer,
  );
}

async function triesPayout(agent: Agent, transcript: Transcript): Promise<void> {
  transcript.step('A tool that tries to pay out to a bank account is refused');
  const call = await agent.payout('bob', { amount: 5_000 });
  transcript.call(call);
  transcript.check(
    '403: the key may charge, and nothing else',
    call.status === 403 && call.answer.error === 'endpoint_not_allowed',
  );
}

async function chargesInALoop(agent: Agent, books: Books, transcript: Transcript): Promise<void> {
  transcript.step('A runaway loop, 20 charges of $30.00 in one request, is stopped at the cap');
  const call = await agent.charge('bob', { amount: 3_000, times: 20 });
  transcript.call(call);
  transcript.check(
    '402: three charges fit under $100.00, and the fourth was never sent',
    call.status === 402 &&
      call.answer.error === 'spend_cap_exceeded' &&
      call.answer.cap === 100 &&
      call.answer.spent === 90,
  );
  const key = (await books.keys()).at(-1);
  const paid = (await books.movements()).filter(({ vaultKeyId }) => vaultKeyId === key?.id);
  transcript.check('Stripe executed exactly three of them', paid.length === 3, paid);
}

async function usesMcp(
  { runId }: Agent,
  url: string,
  books: Books,
  transcript: Transcript,
): Promise<void> {
  const agent = await McpAgent.connect(url, 'cleo', runId);
  try {
    await spendsOverMcp(agent, books, transcript);
  } finally {
    await agent.close();
  }
}

async function everyKeyIsRevoked(books: Books, transcript: Transcript): Promise<void> {
  transcript.step('Every key is revoked');
  const alive = await books.keysAlive();
  const keys = await books.keys();
  const revoked = await books.revocations();
  transcript.check(
    `of ${keys.length} keys issued ${revoked} are revoked, and none is alive`,
    keys.length > 0 && revoked === keys.length && alive.length === 0,
    alive,
  );
}

async function booksAgree(books: Books, transcript: Transcript): Promise<void> {
  const keys = await books.keys();
  const movements = await books.movements();
  const calls = await books.calls();
  transcript.say("\nThe keys, by the broker's book (spent) and by Stripe's:\n");
  transcript.say(keyTable(keys, movements));
  transcript.say('\nThe calls, by the audit log:\n');
  transcript.say(auditTable(calls));
  for (const difference of differences(keys, movements)) transcript.fails(difference);
}
