"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.ParameterList = void 0;
exports.parameterNotAllowed = parameterNotAllowed;
const refusal_1 = require("../refusal");
const parameters_1 = require("./parameters");
const TOKEN = /[\w]+|\[\]|[*{}]|(\s+)|(.)/gy;
/**
 * The parameters that a call may have, written as `name`, `list[]`, `map{name name}`, `list[]{name}`
 * and `map{*}`, where `*` is any key. A name is taken only where it stands, however deep.
 */
class ParameterList {
    #root;
    constructor(text) {
        this.#root = parse(text);
    }
    /** Whether a parameter is on the list. A map or a list may be cleared, by an empty value. */
    allows({ path, value }) {
        let place = this.#root;
        for (const part of path) {
            place =
                place.item !== undefined && /^\d*$/.test(part)
                    ? place.item
                    : (place.fields.get(part) ?? place.any);
            if (place === undefined)
                return false;
        }
        return place !== this.#root && (place.value || value === '');
    }
    /** The first parameter that is not on the list. */
    firstUnknown(parameters) {
        return parameters.find((parameter) => !this.allows(parameter));
    }
    /** Every name on the list: `shipping[address][city]`, `expand[]`, `metadata[*]`. */
    names() {
        return namesBelow(this.#root, []);
    }
}
exports.ParameterList = ParameterList;
/** The refusal of a parameter that is on no list. */
function parameterNotAllowed(call, path) {
    const name = (0, parameters_1.nameOf)(path);
    const parameter = name.length > 128 ? `${name.slice(0, 128)}…` : name;
    return new refusal_1.BrokerRefusal(403, 'parameter_not_allowed', `${call} is not forwarded with ${parameter}: the broker forwards only parameters that it knows to move no money beyond the price of the call. Leave it out.`, { parameter });
}
function parse(text) {
    const root = newPlace();
    const open = [root];
    let last = root;
    for (const [token, space, stray] of text.matchAll(TOKEN)) {
        const parent = open.at(-1);
        if (parent === undefined || stray !== undefined)
            throw new Error(`misplaced "${token}"`);
        if (space !== undefined)
            continue;
        if (token === '{') {
            last.value = false;
            open.push(last);
        }
        else if (token === '}') {
            open.pop();
        }
        else if (token === '[]') {
            last.value = false;
            last.item ??= newPlace(true);
            last = last.item;
        }
        else if (token === '*') {
            last = parent.any ??= newPlace(true);
        }
        else {
            last = parent.fields.get(token) ?? newPlace(true);
            parent.fields.set(token, last);
        }
    }
    if (open.length !== 1)
        throw new Error('a brace is not closed');
    return root;
}
function newPlace(value = false) {
    return { value, fields: new Map() };
}
function namesBelow(place, path) {
    const below = [
        ...place.fields,
        ...(place.item === undefined ? [] : [['', place.item]]),
        ...(place.any === undefined ? [] : [['*', place.any]]),
    ];
    return [
        ...(place.value ? [(0, parameters_1.nameOf)(path)] : []),
        ...below.flatMap(([part, next]) => namesBelow(next, [...path, part])),
    ];
}
