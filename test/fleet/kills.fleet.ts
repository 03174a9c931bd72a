import { playKills } from './kills';

const CHARGES = Number(process.env['FLEET_CHARGES'] ?? 20_000);
const SEED = Number(process.env['FLEET_SEED'] ?? Date.now() % 1_000_000_000);

it(`a fleet whose instances and server are killed loses nothing of ${CHARGES} charges`, async () => {
  const figures = await playKills(
    { brokers: 4, apps: 8 },
    { charges: CHARGES, instanceKills: 40, serverKills: [0.33, 0.66], hurries: false },
    SEED,
  );
  process.stdout.write(`FLEET_SEED=${SEED}: ${JSON.stringify(figures)}\n`);
});
