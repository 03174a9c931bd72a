import { playStops } from './stops';

const TRIES = Number(process.env['FLEET_TRIES'] ?? 2_500);
const SEED = Number(process.env['FLEET_SEED'] ?? Date.now() % 1_000_000_000);

it(`no call begins at an instance after another one has stopped it, in ${TRIES} tries of each kind`, async () => {
  for (const figures of await playStops({ brokers: 4, apps: 8 }, TRIES, SEED)) {
    expect(figures.admittedBefore).toBeGreaterThan(0);
    expect(figures.underWay).toBeGreaterThan(0);
    process.stdout.write(`FLEET_SEED=${SEED}: ${JSON.stringify(figures)}\n`);
  }
});
