// Preloaded into an instance under test: it lives INSTANCE_TTL_MS where it does not say so, and not the
// 15 s of production, so that a suite of many faults need not wait for each of them that long.
const { join } = require('node:path');

const ttlMs = Number(process.env.INSTANCE_TTL_MS);
const dist = process.env.INSTANCE_DIST;
if (ttlMs > 0 && dist !== undefined) {
  const { PostgresStore } = require(join(dist, 'broker/ledger/postgres/postgres-store.js'));
  const open = PostgresStore.open.bind(PostgresStore);
  PostgresStore.open = (url, settings) => open(url, { ...settings, ttlMs });
}
