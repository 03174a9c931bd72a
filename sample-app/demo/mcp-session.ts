import type { Books } from './books';
import { McpAgent } from './mcp-agent';
import type { Transcript } from './transcript';

/** The same tools over MCP: a charge, a loop that is stopped, and what is left of the budget. */
export async function spendsOverMcp(
  agent: McpAgent,
  books: Books,
  transcript: Transcript,
): Promise<void> {
  transcript.step('The same tools over MCP: a key for each call, and a cap that holds');
  const tools = await agent.tools();
  transcript.say(`   The server has the tools ${tools.join(', ')}.`);

  const charge = await agent.call('charge', { amount: 2_500 });
  transcript.call(charge);
  const key = await books.key(charge.answer.vaultKey, ({ spentUsd }) => spentUsd === 25);
  transcript.check(
    "the charge went through under a key in the agent's own user's name",
    key?.subject.userId === 'cleo' && key.subject.tool === 'charge' && key.spentUsd === 25,
    key ?? charge.answer,
  );

  const loop = await agent.call('charge', { amount: 3_000, times: 20 });
  transcript.call(loop);
  transcript.check(
    'a runaway loop is stopped at the cap, and the agent reads why, and not to try again',
    loop.status === 'isError' &&
      loop.answer.text?.[0]?.includes('spend cap of $100') === true &&
      loop.answer.text.at(-1) === 'Retry: no.',
  );

  transcript.step('The agent asks what it may still spend');
  const left = await agent.call('remaining_spend');
  transcript.call({ ...left, answer: { text: left.answer.summary?.split('\n') } });
  transcript.check(
    'of the $300.00 its run may spend in all, $185.00 are left',
    left.answer.remaining === 185,
    left.answer,
  );
}
