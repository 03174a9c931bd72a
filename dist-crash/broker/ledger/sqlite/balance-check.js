"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.checkBalances = checkBalances;
const usd_1 = require("../../money/usd");
/** What each balance comes to by its holds. Grouping spills to the disk, not into memory. */
const COUNTED = `
  SELECT charged.value AS name,
    SUM(CASE holds.state WHEN 'settled' THEN holds.settled ELSE 0 END) AS spent,
    SUM(CASE WHEN holds.state IN ('held', 'unknown') THEN holds.held ELSE 0 END) AS held
  FROM holds, json_each(holds.charged_to) AS charged GROUP BY charged.value`;
/**
 * Checks each balance against the sum of its holds; where a wrong one is meant, the holds decide. To
 * be done while the tables say all that there is to say.
 *
 * @throws DoubtfulStoreError
 */
function checkBalances(connection, file, doubts) {
    const wrong = connection
        .prepare(`WITH counted AS MATERIALIZED (${COUNTED})
       SELECT * FROM (
         SELECT balances.name, balances.spent, balances.held,
           COALESCE(counted.spent, 0) AS rightSpent, COALESCE(counted.held, 0) AS rightHeld
         FROM balances LEFT JOIN counted ON counted.name = balances.name
         UNION ALL
         SELECT counted.name, 0, 0, counted.spent, counted.held FROM counted
         WHERE NOT EXISTS (SELECT 1 FROM balances WHERE balances.name = counted.name))
       WHERE spent <> rightSpent OR held <> rightHeld LIMIT 1`)
        .get();
    if (wrong === undefined)
        return;
    const { name, spent, held, rightSpent, rightHeld } = wrong;
    doubts.raise('balances', `The store ${file} contradicts itself: it says that under ${name} ${(0, usd_1.usdText)(spent)} USD are spent and ${(0, usd_1.usdText)(held)} USD held, and its calls come to ${(0, usd_1.usdText)(rightSpent)} and ${(0, usd_1.usdText)(rightHeld)}. Put a backup back, or let the calls decide.`);
    connection.exec(`BEGIN IMMEDIATE;
     CREATE TEMP TABLE counted AS ${COUNTED};
     UPDATE balances SET spent = 0, held = 0;
     INSERT INTO balances (name, spent, held) SELECT name, spent, held FROM counted WHERE TRUE
       ON CONFLICT (name) DO UPDATE SET spent = excluded.spent, held = excluded.held;
     DROP TABLE counted;
     COMMIT`);
}
