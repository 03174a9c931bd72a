"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.keepContext = keepContext;
exports.isIterator = isIterator;
exports.onceRead = onceRead;
const node_async_hooks_1 = require("node:async_hooks");
const node_stream_1 = require("node:stream");
const ITERATOR = ['next', 'return', 'throw'];
/**
 * Lets what a handler streams be produced in the handler's own context. Nest reads a generator or
 * stream after the handler has returned and outside its context, where the code that produces the
 * chunks would find no vault key.
 *
 * @param enter Runs a function in the context of the run.
 */
function keepContext(value, enter) {
    if (typeof value !== 'object' || value === null)
        return;
    const body = bodyOf(value);
    if (!(Symbol.asyncIterator in body) || !Object.isExtensible(body))
        return;
    let resource;
    const scope = () => (resource ??= enter(() => new node_async_hooks_1.AsyncResource('AgentTool')));
    if (body instanceof node_stream_1.Readable)
        bind(body, ['_read'], scope);
    else if ('next' in body)
        bind(body, ITERATOR, scope);
    else {
        bindOpened(body, Symbol.asyncIterator, ITERATOR, scope);
        bindOpened(body, 'getReader', ['read', 'cancel'], scope);
    }
}
/** Whether a value is an async iterator, as subscriptions give. */
function isIterator(value) {
    return (typeof value === 'object' &&
        value !== null &&
        'next' in value &&
        typeof value.next === 'function' &&
        Object.isExtensible(value));
}
/** Calls back once an iterator has given its last value, has failed, or was told to stop and has. */
function onceRead(iterator, callback) {
    const methods = iterator;
    for (const name of ITERATOR) {
        const method = methods[name];
        if (typeof method !== 'function')
            continue;
        replace(iterator, name, (...args) => {
            const step = (async () => method.apply(iterator, args))();
            const result = step;
            result.then(({ done }) => (done === true ? callback() : undefined), callback);
            return result;
        });
    }
}
/** What a `StreamableFile` or web `Response`, whichever copy of it, streams; else the value. */
function bodyOf(value) {
    const body = 'getStream' in value && typeof value.getStream === 'function'
        ? value.getStream()
        : Object.prototype.toString.call(value) === '[object Response]'
            ? value.body
            : value;
    return typeof body === 'object' && body !== null ? body : value;
}
function bind(target, names, scope) {
    const methods = target;
    for (const name of names) {
        const method = methods[name];
        if (typeof method !== 'function')
            continue;
        replace(target, name, (...args) => scope().runInAsyncScope(method, target, ...args));
    }
}
/** Binds the methods of what a method of the body opens: its iterator, or its reader. */
function bindOpened(body, opener, names, scope) {
    const open = body[opener];
    if (typeof open !== 'function')
        return;
    replace(body, opener, (...args) => {
        const opened = scope().runInAsyncScope(open, body, ...args);
        bind(opened, names, scope);
        return opened;
    });
}
function replace(target, name, method) {
    Object.defineProperty(target, name, { configurable: true, writable: true, value: method });
}
