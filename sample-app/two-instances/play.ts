import { randomBytes } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { BrokerOperator } from 'nestjs-vault-key';
import { RUN_BUDGET_USD } from '../app.module';
import { Agent } from '../demo/agent';
import type { ToolCall } from '../demo/agent';
import { Books, differences } from '../demo/books';
import { keyTable } from '../demo/report';
import { dollars, table } from '../demo/text';
import type { Transcript } from '../demo/transcript';
import { StripeAccount } from '../stripe-account/stripe-account';

const CHARGE_CENTS = 3_000;
const CHARGES_EACH = 10;

/** An instance of the application, as the agent reaches it. */
export interface Instance {
  name: string;
  url: string;
  pid: number;
}

/**
 * Plays a runaway loop that is split over the instances of an application, and holds the broker's book
 * against Stripe's.
 *
 * @param app One of the instances, which is asked for the books of all.
 * @returns whether everything went as told and both books agree
 */
export async function playSplitLoop(
  app: INestApplication,
  instances: readonly Instance[],
  store: string,
  transcript: Transcript,
): Promise<boolean> {
  const account = app.get(StripeAccount);
  const runId = `run-${randomBytes(6).toString('hex')}`;
  const agents = instances.map(({ url }) => new Agent(url, runId));
  const books = new Books(app.get(BrokerOperator), account, runId);

  transcript.say('nestjs-vault-key: two instances of an application, and one cap over both');
  transcript.say(`Stripe:      ${account.description}`);
  transcript.say(`Store:       a throw-away PostgreSQL, ${store}`);
  for (const { name, url, pid } of instances) {
    transcript.say(`Instance ${name}:  ${url}, process ${pid}`);
  }
  transcript.say(`Agent's run: ${runId}, which may spend ${dollars(RUN_BUDGET_USD)} in all`);

  try {
    await splitLoop(agents, instances, books, transcript);
    await booksAgree(books, transcript);
  } catch (error) {
    transcript.fails(`The run broke off: ${error instanceof Error ? error.message : 'unknown'}`);
  }
  transcript.verdict();
  return transcript.failures.length === 0;
}

async function splitLoop(
  agents: readonly Agent[],
  instances: readonly Instance[],
  books: Books,
  transcript: Transcript,
): Promise<void> {
  const all = CHARGES_EACH * agents.length;
  transcript.step(
    `A runaway loop, ${all} charges of ${dollars(CHARGE_CENTS / 100)}, half at each instance at the same time, is stopped at the cap`,
  );
  const calls = await Promise.all(agents.map((agent) => loop(agent)));
  transcript.say(`\n${spendTable(instances, calls)}\n`);
  const charged = calls.flat().filter(isCharged);
  const refused = calls.flat().filter((call) => !isCharged(call));
  const fit = Math.floor((RUN_BUDGET_USD * 100) / CHARGE_CENTS);
  transcript.check(
    `${fit} charges fit under ${dollars(RUN_BUDGET_USD)}, whichever instance made them, and the other ${all - fit} were refused: 402, the run's budget is spent`,
    charged.length === fit &&
      refused.every(({ status, answer }) => status === 402 && answer.cap === RUN_BUDGET_USD),
    refused[0]?.answer,
  );
  const executed = (await books.movements()).reduce((sum, { cents }) => sum + cents, 0);
  transcript.check(
    `Stripe executed ${dollars(executed / 100)} in all, and the cap is ${dollars(RUN_BUDGET_USD)}`,
    executed === RUN_BUDGET_USD * 100,
  );
}

/** Which instance has spent what. */
function spendTable(instances: readonly Instance[], calls: readonly ToolCall[][]): string {
  const rows = [
    ...instances.map(({ name }, i) => ({ name, calls: calls[i] ?? [] })),
    { name: 'both', calls: calls.flat() },
  ];
  const text = table(
    [
      { heading: 'instance' },
      { heading: 'charged', align: 'right' },
      { heading: 'refused', align: 'right' },
      { heading: 'spent', align: 'right' },
    ],
    rows.map(({ name, calls: made }) => {
      const charged = made.filter(isCharged).length;
      const spent = dollars((charged * CHARGE_CENTS) / 100);
      return [name, String(charged), String(made.length - charged), spent];
    }),
  );
  return text.replace(/^/gm, '   ');
}

/** Calls that go on whatever is answered. */
async function loop(agent: Agent): Promise<ToolCall[]> {
  const calls: ToolCall[] = [];
  for (let i = 0; i < CHARGES_EACH; i++) {
    calls.push(await agent.charge('bob', { amount: CHARGE_CENTS }));
  }
  return calls;
}

function isCharged({ status }: ToolCall): boolean {
  return status === 201;
}

async function booksAgree(books: Books, transcript: Transcript): Promise<void> {
  const keys = await books.settledKeys();
  const movements = await books.movements();
  transcript.say("\nThe keys of both instances, by the broker's book (spent) and by Stripe's:\n");
  transcript.say(keyTable(keys, movements));
  for (const difference of differences(keys, movements)) transcript.fails(difference);
}
