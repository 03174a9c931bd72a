"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.BodyFault = void 0;
exports.nameOf = nameOf;
exports.checkParameters = checkParameters;
exports.toFormBody = toFormBody;
const TOP_LEVEL_NAME = /^[A-Za-z0-9_]+$/;
/** What Rack and others read in place of the method that was matched. */
const METHOD_OVERRIDE = '_method';
const PROTOTYPE_NAMES = new Set(['__proto__', 'prototype', 'constructor']);
/** A body that no two readers may be trusted to read alike. */
class BodyFault extends Error {
    param;
    constructor(message, param = null) {
        super(message);
        this.param = param;
        this.name = 'BodyFault';
    }
}
exports.BodyFault = BodyFault;
/** The name as it stands in a form body: `a[b][0]`. */
function nameOf(path) {
    const [top = '', ...rest] = path;
    return top + rest.map((part) => `[${part}]`).join('');
}
/**
 * Refuses what two readers could read differently: strange names, a name given twice, a name that
 * is both a value and a map, a method in the body.
 */
function checkParameters(parameters, limits) {
    if (parameters.length > limits.parameters) {
        throw new BodyFault(`the body has more than ${limits.parameters} parameters`);
    }
    const seen = new Set();
    const scalars = new Set();
    const maps = new Set();
    /** Whether a map's items are given by `[]`; two readers number them alike only where all are, or none. */
    const appended = new Map();
    let length = 0;
    for (const { path, value } of parameters) {
        // A long JSON name stands once over many values, and would leave once with each of them.
        length += path.reduce((sum, part) => sum + part.length + 2, value.length);
        if (length > 2 * limits.bodyBytes) {
            throw new BodyFault('the body is too long once it is written as a form');
        }
        const name = nameOf(path);
        if (path.length > limits.levels) {
            throw new BodyFault(`the parameter "${clip(name)}" is nested deeper than ${limits.levels} levels`);
        }
        if (!TOP_LEVEL_NAME.test(path[0] ?? '')) {
            throw new BodyFault(`the parameter "${clip(name)}" has a name of other characters than A-Z a-z 0-9 _`);
        }
        if (path[0] === METHOD_OVERRIDE) {
            throw new BodyFault(`the parameter "${METHOD_OVERRIDE}" would override the method`);
        }
        for (const part of path) {
            if (PROTOTYPE_NAMES.has(part)) {
                throw new BodyFault(`the parameter "${clip(name)}" names a prototype`, clip(name));
            }
        }
        if (!path.includes('')) {
            if (seen.has(name))
                throw new BodyFault(`the parameter "${clip(name)}" is given twice`, clip(name));
            seen.add(name);
            scalars.add(name);
        }
        for (let depth = 1; depth < path.length; depth++) {
            const map = nameOf(path.slice(0, depth));
            maps.add(map);
            const appends = path[depth] === '';
            if ((appended.get(map) ?? appends) !== appends) {
                throw new BodyFault(`the list "${clip(map)}" is given both with and without indices`, clip(map));
            }
            appended.set(map, appends);
        }
    }
    for (const name of scalars) {
        if (maps.has(name)) {
            throw new BodyFault(`the parameter "${clip(name)}" is both a value and a map`, clip(name));
        }
    }
}
/** The parameters as the form body that is forwarded. */
function toFormBody(parameters) {
    return parameters
        .map(({ path, value }) => {
        const [top = '', ...rest] = path;
        const name = top + rest.map((part) => `[${encodeURIComponent(part)}]`).join('');
        return `${name}=${encodeURIComponent(value)}`;
    })
        .join('&');
}
function clip(text) {
    return text.length > 64 ? `${text.slice(0, 64)}…` : text;
}
