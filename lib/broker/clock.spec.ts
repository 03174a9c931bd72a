import { Clock } from './clock';

const START = Date.UTC(2026, 10, 23, 10);
const HOUR_MS = 3_600_000;

function aClock() {
  const lines: string[] = [];
  const time = { wall: START, monotonic: 7_000.25 };
  const source = { wall: () => time.wall, monotonic: () => time.monotonic };
  const clock = new Clock((line) => lines.push(line), source);
  const pass = (ms: number): void => {
    time.wall += ms;
    time.monotonic += ms;
  };
  return { clock, time, lines, pass };
}

it('begins with the machine’s clock and goes on with the monotonic one, in whole milliseconds', () => {
  const { clock, pass, lines } = aClock();
  expect(clock.now()).toBe(START);
  pass(1_500.5);
  expect(clock.now()).toBe(START + 1_500);
  expect(lines).toEqual([]);
});

it.each([
  ['back', -HOUR_MS],
  ['forward', HOUR_MS],
])('goes on where the machine’s clock is set %s, and says so once', (direction, jump) => {
  const { clock, time, pass, lines } = aClock();
  time.wall += jump;
  for (let i = 0; i < 3; i++) {
    pass(1_000);
    expect(clock.now()).toBe(START + (i + 1) * 1_000);
  }
  expect(lines).toEqual([
    `the machine's clock was set ${direction} by 3600 s; the broker keeps its own time, 2026-11-23T10:00:01.000Z, until it is started again`,
  ]);
});

it('tells of each jump, of the one that sets the clock right again too', () => {
  const { clock, time, lines } = aClock();
  time.wall -= HOUR_MS;
  clock.now();
  time.wall += HOUR_MS;
  clock.now();
  clock.now();
  expect(lines.map((line) => line.slice(0, 45))).toEqual([
    "the machine's clock was set back by 3600 s; t",
    "the machine's clock was set forward by 3600 s",
  ]);
});

it('says nothing of a correction that a time server makes every day', () => {
  const { clock, time, lines } = aClock();
  time.wall -= 900;
  expect(clock.now()).toBe(START);
  expect(lines).toEqual([]);
});
