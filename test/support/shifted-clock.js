// Preloaded into a broker under test: time has passed for it by the milliseconds that the file
// SHIFTED_CLOCK_FILE says, by both of its clocks. What SHIFTED_WALL_FILE says is added to the
// machine's clock alone, as somebody sets it; the process says so once it has that clock.
const { readFileSync } = require('node:fs');
const { performance } = require('node:perf_hooks');

const shiftIn = (file) => (file === undefined ? 0 : Number(readFileSync(file, 'utf8')));
const passed = () => shiftIn(process.env.SHIFTED_CLOCK_FILE);
let seen = 0;
const wall = () => {
  const shift = shiftIn(process.env.SHIFTED_WALL_FILE);
  if (shift !== seen) {
    seen = shift;
    process.stderr.write(`[test] this process has a clock that is off by ${shift} ms\n`);
  }
  return shift;
};

const { Date: RealDate } = globalThis;
const realNow = Date.now;
const realMonotonic = performance.now.bind(performance);
Date.now = () => realNow() + passed() + wall();
performance.now = () => realMonotonic() + passed();
globalThis.Date = new Proxy(RealDate, {
  construct: (target, given, asked) =>
    Reflect.construct(target, given.length === 0 ? [RealDate.now()] : given, asked),
});
// A broker on PostgreSQL never looks at this clock by itself.
if (process.env.SHIFTED_WALL_FILE !== undefined) setInterval(wall, 100).unref();
