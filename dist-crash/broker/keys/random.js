"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.randomByte = randomByte;
exports.randomHex = randomHex;
const node_crypto_1 = require("node:crypto");
const pool = Buffer.alloc(4_096);
let drawn = pool.length;
/** A random byte, of many that are drawn at once, which costs far less. None is kept once it is used. */
function randomByte() {
    if (drawn === pool.length) {
        (0, node_crypto_1.randomFillSync)(pool);
        drawn = 0;
    }
    const byte = pool.readUInt8(drawn);
    pool[drawn++] = 0;
    return byte;
}
/** Random bytes in hex. */
function randomHex(bytes) {
    let text = '';
    for (let i = 0; i < bytes; i++)
        text += randomByte().toString(16).padStart(2, '0');
    return text;
}
