/** A random byte, of many that are drawn at once, which costs far less. None is kept once it is used. */
export declare function randomByte(): number;
/** Random bytes in hex. */
export declare function randomHex(bytes: number): string;
