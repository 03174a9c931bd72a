import { LONGEST_LIFE_MS } from '../../../contract/expires-in';
import { usdText } from '../../../contract/usd';
import { dayOf } from '../../budgets/budget';
import type { AcceptedDoubts } from '../store-doubt';
import type { SqliteConnection } from './sqlite-driver';

/** Up to so many holds, all balances are checked: about a quarter of a second of work. */
const FEW_HOLDS = 20_000;
/** How far the clock may have been set back between a key and a hold under it. */
const CLOCK_MS = 600_000;

interface WrongBalance {
  name: string;
  spent: number;
  held: number;
  undone: number;
  rightSpent: number;
  rightHeld: number;
  rightUndone: number;
}

/** What is checked, in SQL: each gives names, and what these come to by their holds. */
interface Check {
  /** Whether a balance without any hold has to be 0. */
  isWhole: boolean;
  counted: string;
}

/**
 * Checks balances against the sum of their holds; where a wrong one is meant, the holds decide. All of
 * them, or where there are many holds, those that can refuse a call: of today, and of keys that may live.
 * To be done while the tables say all that there is to say.
 *
 * @param few Up to how many holds all balances are checked.
 * @throws DoubtfulStoreError
 */
export function checkBalances(
  connection: SqliteConnection,
  file: string,
  doubts: AcceptedDoubts,
  now: number,
  few = FEW_HOLDS,
): void {
  const check = checkOf(connection, now, few);
  const wrong = firstWrong(connection, check);
  if (wrong === undefined) return;
  const { name, spent, held, undone, rightSpent, rightHeld, rightUndone } = wrong;
  doubts.raise(
    'balances',
    `The store ${file} contradicts itself: it says that under ${name} ${usdText(spent)} are spent, ${usdText(held)} held and ${usdText(undone)} undone, and its calls come to ${usdText(rightSpent)}, ${usdText(rightHeld)} and ${usdText(rightUndone)}. Put a backup back, or let the calls decide.`,
  );
  connection.exec(
    `BEGIN IMMEDIATE;
     CREATE TEMP TABLE counted AS ${check.counted};
     ${check.isWhole ? 'UPDATE balances SET spent = 0, held = 0, undone = 0;' : ''}
     INSERT INTO balances (name, spent, held, undone)
       SELECT name, spent, held, undone FROM counted WHERE TRUE ON CONFLICT (name)
       DO UPDATE SET spent = excluded.spent, held = excluded.held, undone = excluded.undone;
     DROP TABLE counted;
     COMMIT`,
  );
}

function checkOf(connection: SqliteConnection, now: number, few: number): Check {
  const { first, last } = connection
    .prepare('SELECT MIN(position) AS first, MAX(position) AS last FROM holds')
    .get() as { first: number | null; last: number | null };
  if (first === null || last === null || last - first < few) {
    return { isWhole: true, counted: countedFrom(first ?? 0) };
  }
  // A key lives for a day, and a budget counts a day.
  const since = now - LONGEST_LIFE_MS;
  const { position } = connection
    .prepare('SELECT MIN(position) AS position FROM holds WHERE created_at >= ?')
    .get(since - CLOCK_MS) as { position: number | null };
  // A part of what an older key or day comes to would be taken for all of it.
  const counted = `
    SELECT * FROM (${countedFrom(position ?? last + 1)})
    WHERE CASE WHEN name LIKE 'key/%'
      THEN EXISTS (
        SELECT 1 FROM keys WHERE id = substr(name, 5) AND created_at BETWEEN ${since} AND ${now})
      ELSE substr(name, -10) = '${dayOf(now)}' END`;
  return { isWhole: false, counted };
}

/** Grouping spills to the disk, not into memory. */
function countedFrom(position: number): string {
  return `
    SELECT charged.value AS name,
      SUM(CASE holds.state WHEN 'settled' THEN holds.settled ELSE 0 END) AS spent,
      SUM(CASE WHEN holds.state IN ('held', 'unknown') THEN holds.held ELSE 0 END) AS held,
      SUM(holds.undone) AS undone
    FROM holds, json_each(holds.charged_to) AS charged
    WHERE holds.position >= ${position} GROUP BY charged.value`;
}

function firstWrong(
  connection: SqliteConnection,
  { isWhole, counted }: Check,
): WrongBalance | undefined {
  const ofBalances = `
    SELECT balances.name, balances.spent, balances.held, balances.undone,
      COALESCE(counted.spent, 0) AS rightSpent, COALESCE(counted.held, 0) AS rightHeld,
      COALESCE(counted.undone, 0) AS rightUndone
    FROM balances LEFT JOIN counted ON counted.name = balances.name UNION ALL`;
  return connection
    .prepare(
      `WITH counted AS MATERIALIZED (${counted})
       SELECT * FROM (
         ${isWhole ? ofBalances : ''}
         SELECT counted.name, COALESCE(balances.spent, 0) AS spent,
           COALESCE(balances.held, 0) AS held, COALESCE(balances.undone, 0) AS undone,
           counted.spent AS rightSpent, counted.held AS rightHeld, counted.undone AS rightUndone
         FROM counted LEFT JOIN balances ON balances.name = counted.name)
       WHERE spent <> rightSpent OR held <> rightHeld OR undone <> rightUndone LIMIT 1`,
    )
    .get() as WrongBalance | undefined;
}
