"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.table = table;
exports.shown = shown;
exports.usd = usd;
exports.instant = instant;
exports.minute = minute;
const WIDTH = 100;
const GAP = '  ';
const MIN_SHRUNK = 8;
/** Rows below their titles, at most 100 columns wide where cutting the texts that may be cut allows it. */
function table(columns, rows) {
    const cells = rows.map((row) => columns.map(({ text }) => shown(text(row))));
    const widths = columns.map(({ title }, i) => Math.max(title.length, ...cells.map((row) => row[i]?.length ?? 0)));
    shrink(columns, widths);
    const line = (texts) => texts
        .map((text, i) => {
        const width = widths[i] ?? 0;
        const cut = text.length > width ? `${text.slice(0, width - 1)}…` : text;
        return columns[i]?.right === true ? cut.padStart(width) : cut.padEnd(width);
    })
        .join(GAP)
        .trimEnd();
    return [columns.map(({ title }) => title), ...cells].map((texts) => `${line(texts)}\n`).join('');
}
/** What is shown of a text that others have chosen: nothing that a terminal would obey. */
function shown(text) {
    return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
}
/** USD with two decimals, and as many more as it has. */
function usd(amount) {
    if (amount === null || amount === undefined)
        return '';
    return amount.toFixed(6).replace(/0{1,4}$/, '');
}
/** An instant to the second, in UTC. */
function instant(text) {
    return text == null ? '' : `${text.slice(0, 19).replace('T', ' ')}Z`;
}
/** An instant of these days, to the minute, in UTC. */
function minute(text) {
    return `${text.slice(5, 16).replace('T', ' ')}Z`;
}
function shrink(columns, widths) {
    const total = () => widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length);
    while (total() > WIDTH) {
        let widest = -1;
        columns.forEach(({ shrinks }, i) => {
            if (shrinks === true && (widths[i] ?? 0) > Math.max(MIN_SHRUNK, widths[widest] ?? 0)) {
                widest = i;
            }
        });
        if (widest === -1)
            return;
        widths[widest] = (widths[widest] ?? 0) - 1;
    }
}
