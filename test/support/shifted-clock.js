// Preloaded into a broker under test: time has passed for it by the milliseconds that the file
// SHIFTED_CLOCK_FILE says, by both of its clocks. What SHIFTED_WALL_FILE says is added to the
// machine's clock alone, as somebody sets it.
const { readFileSync } = require('node:fs');
const { performance } = require('node:perf_hooks');

const shiftIn = (file) => (file === undefined ? 0 : Number(readFileSync(file, 'utf8')));
const passed = () => shiftIn(process.env.SHIFTED_CLOCK_FILE);
const wall = () => shiftIn(process.env.SHIFTED_WALL_FILE);

const realNow = Date.now;
const realMonotonic = performance.now.bind(performance);
Date.now = () => realNow() + passed() + wall();
performance.now = () => realMonotonic() + passed();
