import type { Jobs } from '../jobs/jobs';
import type { Books } from './books';
import type { Transcript } from './transcript';

/** The tool as a job of a queue: a charge, and a loop that is stopped and not tried again. */
export async function spendsInJobs(
  jobs: Jobs,
  runId: string,
  books: Books,
  transcript: Transcript,
): Promise<void> {
  transcript.step('The same tool as a job of a BullMQ queue');
  const charge = await jobs.charge({ userId: 'dora', runId, amount: 1_500, times: 1 });
  transcript.call(charge);
  const key = await books.key(charge.answer.vaultKey, ({ spentUsd }) => spentUsd === 15);
  transcript.check(
    'the job worked under a key in the name of the user that its data names',
    key?.label === `bullmq-dora-${runId}` && key.spentUsd === 15,
    key ?? charge.answer,
  );

  const loop = await jobs.charge({ userId: 'dora', runId, amount: 3_000, times: 20 });
  transcript.call(loop);
  transcript.check(
    'a runaway loop is stopped at the cap, and of the five attempts it has only one is made',
    loop.status === 'failed' &&
      loop.answer.text?.[0]?.includes('spend cap of $100') === true &&
      loop.attempts === 1,
    loop,
  );
  await jobs.clear();
}
