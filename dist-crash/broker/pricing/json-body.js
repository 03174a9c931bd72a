"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.parseJsonBody = parseJsonBody;
const parameters_1 = require("./parameters");
/**
 * Reads a JSON object as the form parameters it stands for, numbers by the digits written:
 * `JSON.parse` gives no source text of numbers on Node 20, so the text is walked. A priced
 * parameter must have come as an integer literal or a string; `decimals` names those that did not.
 */
function parseJsonBody(text, maxLevels) {
    try {
        JSON.parse(text);
    }
    catch {
        throw new parameters_1.BodyFault('the body is not one valid JSON document');
    }
    const walker = new JsonWalker(text, maxLevels);
    walker.readDocument();
    return { parameters: walker.parameters, decimals: walker.decimals };
}
/** Walks a text that `JSON.parse` has already accepted, so that no grammar needs checking here. */
class JsonWalker {
    text;
    maxLevels;
    parameters = [];
    /** Top-level names whose number was written with a point or an exponent. */
    decimals = new Set();
    #at = 0;
    constructor(text, maxLevels) {
        this.text = text;
        this.maxLevels = maxLevels;
    }
    readDocument() {
        this.#skipSpace();
        if (this.text[this.#at] !== '{')
            throw new parameters_1.BodyFault('the JSON body must be an object');
        this.#readObject([]);
    }
    #readValue(path) {
        this.#skipSpace();
        const first = this.text[this.#at];
        if (first === '{') {
            if (this.#readObject(path) === 0)
                throw emptyContainer(path);
        }
        else if (first === '[') {
            if (this.#readArray(path) === 0)
                throw emptyContainer(path);
        }
        else if (first === '"') {
            this.#push(path, this.#readString());
        }
        else {
            const literal = /[^\s,\]}]+/y;
            literal.lastIndex = this.#at;
            const word = literal.exec(this.text)?.[0] ?? '';
            this.#at += word.length;
            if (/[.eE]/.test(word) && /^[-\d]/.test(word))
                this.decimals.add(path[0] ?? '');
            this.#push(path, word === 'null' ? '' : word);
        }
    }
    #readObject(path) {
        this.#checkDepth(path);
        const names = new Set();
        this.#at++;
        for (;;) {
            this.#skipSpace();
            if (this.text[this.#at] === '}')
                break;
            if (this.text[this.#at] === ',') {
                this.#at++;
                continue;
            }
            const name = this.#readString();
            if (names.has(name)) {
                throw new parameters_1.BodyFault(`the JSON body holds the name "${name.slice(0, 64)}" twice`);
            }
            if (name === '' || /[[\]\0]/.test(name)) {
                throw new parameters_1.BodyFault('the JSON body holds a name that is empty or has brackets in it');
            }
            names.add(name);
            this.#skipSpace();
            this.#at++;
            this.#readValue([...path, name]);
        }
        this.#at++;
        return names.size;
    }
    #readArray(path) {
        this.#checkDepth(path);
        let length = 0;
        this.#at++;
        for (;;) {
            this.#skipSpace();
            if (this.text[this.#at] === ']')
                break;
            if (this.text[this.#at] === ',') {
                this.#at++;
                continue;
            }
            this.#readValue([...path, String(length++)]);
        }
        this.#at++;
        return length;
    }
    #readString() {
        const start = this.#at++;
        while (this.text[this.#at] !== '"')
            this.#at += this.text[this.#at] === '\\' ? 2 : 1;
        this.#at++;
        const value = JSON.parse(this.text.slice(start, this.#at));
        if (value.includes('\0'))
            throw new parameters_1.BodyFault('the JSON body holds a NUL character');
        if (!value.isWellFormed())
            throw new parameters_1.BodyFault('the JSON body holds a lone surrogate');
        return value;
    }
    // Checked on the way down, before the walk is as deep as the text would have it.
    #checkDepth(path) {
        if (path.length > this.maxLevels) {
            throw new parameters_1.BodyFault(`the JSON body is nested deeper than ${this.maxLevels} levels`);
        }
    }
    #push(path, value) {
        this.parameters.push({ path, value });
    }
    #skipSpace() {
        while (/\s/.test(this.text[this.#at] ?? ''))
            this.#at++;
    }
}
function emptyContainer(path) {
    return new parameters_1.BodyFault(`the parameter "${path.join('.').slice(0, 64)}" is an empty array or object, which a form body cannot carry: leave it out, or send null to clear it`);
}
