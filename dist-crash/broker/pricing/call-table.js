"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.CallTable = void 0;
/** What is known of calls by `METHOD segment/…`, where `*` stands for exactly one segment. */
class CallTable {
    #rows = new Map();
    /** Of two rows that fit one call, the one given first decides. */
    constructor(rows) {
        for (const [call, value] of rows) {
            const [method = '', path = ''] = call.split(' ');
            const segments = path.split('/');
            const shape = shapeOf(method, segments);
            const alike = this.#rows.get(shape);
            if (alike === undefined)
                this.#rows.set(shape, [{ segments, value }]);
            else
                alike.push({ segments, value });
        }
    }
    find(method, segments) {
        const alike = this.#rows.get(shapeOf(method, segments));
        return alike?.find((row) => row.segments.every((segment, i) => segment === '*' || segment === segments[i]))?.value;
    }
}
exports.CallTable = CallTable;
function shapeOf(method, segments) {
    return `${method} ${segments.length}`;
}
