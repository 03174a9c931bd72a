import { createRequire } from 'node:module';
import { percentile } from './charges.mjs';

const require = createRequire(import.meta.url);

/** Opens the ledger that the environment names, and pays with it when it is told. */
const { openLedger } = require('../dist/broker/ledger/open-ledger.js');
const { parseStore } = require('../dist/broker/broker.options.js');

const AUDIT_KEY = 'the audit key of a benchmark, of forty characters';
const MICROS = 1_000_000;
const instance = process.env.INSTANCE;
const ledger = await openLedger(parseStore(process.env.STORE), { auditKey: AUDIT_KEY });
let calls = 0;
let keys = 0;

/** A key for each caller; all of one user where the load is hot. */
async function keyOf(isHot) {
  const id = `key_${instance}_${++keys}`;
  const now = Date.now();
  const key = {
    id,
    tokenHash: `hash of ${id}`,
    label: id,
    vendor: 'stripe',
    capMicros: 1_000_000 * MICROS,
    allowedEndpoints: ['/v1/payment_intents'],
    subject: { user_id: isHot ? 'u' : id, run_id: id },
    budgets: { user: 1_000_000 * MICROS },
    createdAt: now,
    expiresAt: now + 3_600_000,
  };
  await ledger.issue(key);
  return key;
}

async function pay(key) {
  const callId = `call_${instance}_${++calls}`;
  const begun = performance.now();
  const decision = await ledger.admit({
    callId,
    key,
    account: '',
    price: { kind: 'amount', micros: MICROS, amount: 100, currency: 'usd' },
    operation: { keyHash: `hash of ${callId}`, fingerprint: callId },
    audit: { at: new Date().toISOString(), event: 'refusal', call_id: callId, key_id: key.id },
  });
  const held = performance.now() - begun;
  if (!decision.admitted) throw decision.refusal;
  const ended = ledger.end({ call: decision.call, outcome: { ending: 'settled' }, audit: {} });
  // It would wait for other decisions otherwise.
  ledger.hurry();
  await ended;
  return held;
}

async function load({ atOnce, isHot, ms }) {
  const held = [];
  const before = process.cpuUsage();
  const begun = performance.now();
  const caller = async () => {
    const key = await keyOf(isHot);
    while (performance.now() - begun < ms) held.push(await pay(key));
  };
  await Promise.all(Array.from({ length: atOnce }, caller));
  const seconds = (performance.now() - begun) / 1_000;
  const { user, system } = process.cpuUsage(before);
  held.sort((one, other) => one - other);
  return {
    pairs: held.length / seconds,
    p50: percentile(held, 0.5),
    p99: percentile(held, 0.99),
    cpu: (user + system) / held.length,
  };
}

process.on('message', (way) => {
  load(way).then(
    (figures) => process.send(figures),
    (error) => process.send({ error: error.message }),
  );
});
console.log('ready');
