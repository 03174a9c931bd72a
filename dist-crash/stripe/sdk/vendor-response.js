"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.VendorResponse = void 0;
const node_stream_1 = require("node:stream");
/** An answer, as the `stripe` client takes it. */
class VendorResponse {
    #raw;
    #read;
    #open;
    #stream;
    /**
     * @param read Reads the answer to its end and gives what the client is to take it for; never rejects.
     * @param open Gives the body as a stream; absent where it has been read already.
     */
    constructor(statusCode, headers, read, open) {
        this.#raw = { statusCode, headers };
        this.#read = read;
        this.#open = open;
    }
    getStatusCode() {
        return this.#raw.statusCode;
    }
    getHeaders() {
        return this.#raw.headers;
    }
    /** What becomes `lastResponse`. */
    getRawResponse() {
        return this.#raw;
    }
    toJSON() {
        return this.#read();
    }
    toStream(onComplete) {
        const stream = this.#body() ?? node_stream_1.Readable.from([]);
        stream.once('end', onComplete);
        return stream;
    }
    dispose() {
        this.#body()?.destroy();
    }
    #body() {
        return (this.#stream ??= this.#open?.());
    }
}
exports.VendorResponse = VendorResponse;
