// Preloaded into a broker under test: its clock runs ahead by the milliseconds that the file says.
const { readFileSync } = require('node:fs');

const realNow = Date.now;
Date.now = () => realNow() + Number(readFileSync(process.env.SHIFTED_CLOCK_FILE, 'utf8'));
