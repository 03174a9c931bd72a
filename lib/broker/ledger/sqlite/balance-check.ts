import { usdText } from '../../../contract/usd';
import type { AcceptedDoubts } from '../store-doubt';
import type { SqliteConnection } from './sqlite-driver';

/** What each balance comes to by its holds. Grouping spills to the disk, not into memory. */
const COUNTED = `
  SELECT charged.value AS name,
    SUM(CASE holds.state WHEN 'settled' THEN holds.settled ELSE 0 END) AS spent,
    SUM(CASE WHEN holds.state IN ('held', 'unknown') THEN holds.held ELSE 0 END) AS held
  FROM holds, json_each(holds.charged_to) AS charged GROUP BY charged.value`;

interface WrongBalance {
  name: string;
  spent: number;
  held: number;
  rightSpent: number;
  rightHeld: number;
}

/**
 * Checks each balance against the sum of its holds; where a wrong one is meant, the holds decide. To
 * be done while the tables say all that there is to say.
 *
 * @throws DoubtfulStoreError
 */
export function checkBalances(
  connection: SqliteConnection,
  file: string,
  doubts: AcceptedDoubts,
): void {
  const wrong = connection
    .prepare(
      `WITH counted AS MATERIALIZED (${COUNTED})
       SELECT * FROM (
         SELECT balances.name, balances.spent, balances.held,
           COALESCE(counted.spent, 0) AS rightSpent, COALESCE(counted.held, 0) AS rightHeld
         FROM balances LEFT JOIN counted ON counted.name = balances.name
         UNION ALL
         SELECT counted.name, 0, 0, counted.spent, counted.held FROM counted
         WHERE NOT EXISTS (SELECT 1 FROM balances WHERE balances.name = counted.name))
       WHERE spent <> rightSpent OR held <> rightHeld LIMIT 1`,
    )
    .get() as WrongBalance | undefined;
  if (wrong === undefined) return;
  const { name, spent, held, rightSpent, rightHeld } = wrong;
  doubts.raise(
    'balances',
    `The store ${file} contradicts itself: it says that under ${name} ${usdText(spent)} are spent and ${usdText(held)} held, and its calls come to ${usdText(rightSpent)} and ${usdText(rightHeld)}. Put a backup back, or let the calls decide.`,
  );
  connection.exec(
    `BEGIN IMMEDIATE;
     CREATE TEMP TABLE counted AS ${COUNTED};
     UPDATE balances SET spent = 0, held = 0;
     INSERT INTO balances (name, spent, held) SELECT name, spent, held FROM counted WHERE TRUE
       ON CONFLICT (name) DO UPDATE SET spent = excluded.spent, held = excluded.held;
     DROP TABLE counted;
     COMMIT`,
  );
}
