"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.parseFormBody = parseFormBody;
const parameters_1 = require("./parameters");
const NAME = /^([^[\]]+)((?:\[[^[\]]*\])*)$/;
/**
 * Reads an `application/x-www-form-urlencoded` body strictly (WHATWG URL, section 5.1, without its
 * leniency): every pair has a name and one `=`, every escape is whole and gives UTF-8, no raw `;`.
 */
function parseFormBody(text) {
    if (text === '')
        return [];
    if (text.includes(';'))
        throw new parameters_1.BodyFault('the form body holds a raw ";"');
    return text.split('&').map((pair) => {
        const equals = pair.indexOf('=');
        if (equals < 1)
            throw new parameters_1.BodyFault('the form body holds a pair without a name or a "="');
        const name = decode(pair.slice(0, equals));
        const match = NAME.exec(name);
        if (match === null) {
            throw new parameters_1.BodyFault(`the form body holds the malformed name "${name.slice(0, 64)}"`);
        }
        const [, top = '', brackets = ''] = match;
        const path = brackets === '' ? [top] : [top, ...brackets.slice(1, -1).split('][')];
        return { path, value: decode(pair.slice(equals + 1)) };
    });
}
function decode(text) {
    let decoded;
    try {
        decoded = decodeURIComponent(text.replaceAll('+', ' '));
    }
    catch {
        throw new parameters_1.BodyFault('the form body holds an invalid escape');
    }
    if (decoded.includes('\0'))
        throw new parameters_1.BodyFault('the form body holds a NUL character');
    return decoded;
}
