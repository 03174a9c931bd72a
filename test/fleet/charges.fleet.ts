import { playCharges } from './charges';

const CHARGES = Number(process.env['FLEET_CHARGES'] ?? 20_000);
const SEED = Number(process.env['FLEET_SEED'] ?? Date.now() % 1_000_000_000);

it(`4 brokers and 8 applications on one store pass no cap in ${CHARGES} charges`, async () => {
  const figures = await playCharges({ brokers: 4, apps: 8 }, CHARGES, SEED);
  process.stdout.write(`FLEET_SEED=${SEED}: ${JSON.stringify(figures)}\n`);
});
