import { playCharges } from './charges';
import { playKills } from './kills';
import { playStops } from './stops';

const SEED = Number(process.env['FLEET_SEED'] ?? Date.now() % 1_000_000_000);
const SIZE = { brokers: 2, apps: 4 };

describe('brokers and applications on one store in PostgreSQL', () => {
  it('pass no cap, and count to the cent what the vendor executes', async () => {
    const { executed } = await playCharges(SIZE, 300, SEED);
    expect(executed).toBeGreaterThan(0);
  });

  it('lose nothing where instances and the server are killed', async () => {
    const { paid } = await playKills(
      { brokers: 2, apps: 2 },
      { charges: 250, instanceKills: 3, serverKills: [0.5], hurries: true },
      SEED,
    );
    expect(paid).toBeGreaterThan(0);
  });

  it('admit no call after the answer to what stops it at another one', async () => {
    for (const { admittedBefore } of await playStops(SIZE, 40, SEED)) {
      expect(admittedBefore).toBeGreaterThan(0);
    }
  });
});
