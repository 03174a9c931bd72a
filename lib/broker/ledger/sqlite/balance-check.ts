import { LONGEST_LIFE_MS } from '../../../contract/expires-in';
import { usdText } from '../../../contract/usd';
import { dayOf, startOfDay } from '../../budgets/budget';
import { DAY_MS, HOUR_MS } from '../../budgets/period';
import type { AcceptedDoubts } from '../store-doubt';
import { BALANCE_HOURS } from './schema';
import type { SqliteConnection } from './sqlite-driver';

/** Up to so many holds, all balances are checked: about a quarter of a second of work. */
const FEW_HOLDS = 20_000;
/** How far the clock may have been set back between a key and a hold under it. */
const CLOCK_MS = 600_000;

/** A balance, or one hour of it, that is not what its holds come to. */
interface WrongBalance {
  name: string;
  /** `null` of the whole balance. */
  hour: number | null;
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
  /** Of each name and hour: an hour of its day, or `null` of a key's balance. */
  counted: string;
}

/** The hour in which a hold counts in a balance. */
const HOUR = `CASE WHEN charged.value LIKE 'key/%' THEN NULL ELSE holds.created_at / ${HOUR_MS} % 24 END`;

/**
 * Checks balances against the sum of their holds; where a wrong one is meant, the holds decide. All of
 * them, or where there are many holds, those of keys that may live, of today and yesterday, and of as many
 * days before as have few holds. To be done while the tables say all that there is to say.
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
  const { name, hour, spent, held, undone, rightSpent, rightHeld, rightUndone } = wrong;
  const where = hour === null ? name : `${name} in the hour ${hour}`;
  doubts.raise(
    'balances',
    `The store ${file} contradicts itself: it says that under ${where} ${usdText(spent)} are spent, ${usdText(held)} held and ${usdText(undone)} undone, and its calls come to ${usdText(rightSpent)}, ${usdText(rightHeld)} and ${usdText(rightUndone)}. Put a backup back, or let the calls decide.`,
  );
  connection.exec(
    `BEGIN IMMEDIATE;
     CREATE TEMP TABLE counted AS ${check.counted};
     ${check.isWhole ? 'UPDATE balances SET spent = 0, held = 0, undone = 0, hours = NULL;' : ''}
     INSERT INTO balances (name, spent, held, undone, hours)
       SELECT name, SUM(spent), SUM(held), SUM(undone), CASE WHEN COUNT(hour) = 0 THEN NULL
         ELSE json_group_array(json_array(hour, spent, held, undone)) END
       FROM counted WHERE TRUE GROUP BY name ON CONFLICT (name)
       DO UPDATE SET spent = excluded.spent, held = excluded.held, undone = excluded.undone,
         hours = excluded.hours;
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
  const recent = connection
    .prepare('SELECT MIN(created_at) AS since FROM holds WHERE position > ?')
    .get(last - few) as { since: number };
  // A key lives for a day, and what a budget counts begins yesterday or earlier.
  const since = now - LONGEST_LIFE_MS;
  const firstDay = startOfDay(Math.min(recent.since + DAY_MS, now - DAY_MS));
  const { position } = connection
    .prepare('SELECT MIN(position) AS position FROM holds WHERE created_at >= ?')
    .get(Math.min(since, firstDay) - CLOCK_MS) as { position: number | null };
  // A part of what an older key or day comes to would be taken for all of it.
  const counted = `
    SELECT * FROM (${countedFrom(position ?? last + 1)})
    WHERE CASE WHEN name LIKE 'key/%'
      THEN EXISTS (
        SELECT 1 FROM keys WHERE id = substr(name, 5) AND created_at BETWEEN ${since} AND ${now})
      ELSE substr(name, -10) >= '${dayOf(firstDay)}' END`;
  return { isWhole: false, counted };
}

/** Grouping spills to the disk, not into memory. */
function countedFrom(position: number): string {
  return `
    SELECT charged.value AS name, ${HOUR} AS hour,
      SUM(CASE holds.state WHEN 'settled' THEN holds.settled ELSE 0 END) AS spent,
      SUM(CASE WHEN holds.state IN ('held', 'unknown') THEN holds.held ELSE 0 END) AS held,
      SUM(holds.undone) AS undone
    FROM holds, json_each(holds.charged_to) AS charged
    WHERE holds.position >= ${position} GROUP BY charged.value, hour`;
}

function firstWrong(
  connection: SqliteConnection,
  { isWhole, counted }: Check,
): WrongBalance | undefined {
  const right = (sums: string): string => {
    return ['spent', 'held', 'undone']
      .map((sum) => `COALESCE(${sums}.${sum}, 0) AS right${sum[0]?.toUpperCase()}${sum.slice(1)}`)
      .join(', ');
  };
  const ofBalances = `
    SELECT balances.name, NULL AS hour, balances.spent, balances.held, balances.undone, ${right('whole')}
    FROM balances LEFT JOIN whole ON whole.name = balances.name
    UNION ALL
    SELECT stored.name, stored.hour, stored.spent, stored.held, stored.undone, ${right('counted')}
    FROM stored LEFT JOIN counted ON counted.name = stored.name AND counted.hour = stored.hour
    UNION ALL`;
  return connection
    .prepare(
      `WITH counted AS MATERIALIZED (${counted}),
         whole AS (SELECT name, SUM(spent) AS spent, SUM(held) AS held, SUM(undone) AS undone
           FROM counted GROUP BY name),
         stored AS (${BALANCE_HOURS})
       SELECT * FROM (
         ${isWhole ? ofBalances : ''}
         SELECT whole.name, NULL AS hour, COALESCE(balances.spent, 0) AS spent,
           COALESCE(balances.held, 0) AS held, COALESCE(balances.undone, 0) AS undone,
           whole.spent AS rightSpent, whole.held AS rightHeld, whole.undone AS rightUndone
         FROM whole LEFT JOIN balances ON balances.name = whole.name
         UNION ALL
         SELECT counted.name, counted.hour, COALESCE(json_extract(hours.value, '$[1]'), 0),
           COALESCE(json_extract(hours.value, '$[2]'), 0), COALESCE(json_extract(hours.value, '$[3]'), 0),
           counted.spent, counted.held, counted.undone
         FROM counted LEFT JOIN balances ON balances.name = counted.name
           LEFT JOIN json_each(balances.hours) AS hours
             ON json_extract(hours.value, '$[0]') = counted.hour
         WHERE counted.hour IS NOT NULL)
       WHERE spent <> rightSpent OR held <> rightHeld OR undone <> rightUndone LIMIT 1`,
    )
    .get() as WrongBalance | undefined;
}
