"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.ManagementApi = exports.ManagementFault = void 0;
exports.brokerUrl = brokerUrl;
const node_http_1 = require("node:http");
const node_https_1 = require("node:https");
const broker_options_1 = require("../broker.options");
const TIMEOUT_MS = 60_000;
/** The broker did not do what it was asked: its own words, or why there are none. */
class ManagementFault extends Error {
}
exports.ManagementFault = ManagementFault;
/** The management API of a running broker. */
class ManagementApi {
    url;
    token;
    constructor(url, token) {
        this.url = url;
        this.token = token;
    }
    /**
     * @param path Goes as it is: an id in it is the caller's to encode.
     * @throws ManagementFault where the answer is no 2xx, or none came.
     */
    async call(method, path, body) {
        const { status, text } = await this.#read(await this.#exchange(method, path, body));
        return this.#answerOf(status, text);
    }
    /**
     * Asks for a file, which comes as it is read.
     *
     * @throws ManagementFault where the answer is no 200, or none came.
     */
    async file(path) {
        const answer = await this.#exchange('GET', path, undefined);
        if (answer.statusCode === 200) {
            return { bytes: Number(answer.headers['content-length']), chunks: answer };
        }
        const { status, text } = await this.#read(answer);
        this.#answerOf(status, text);
        throw new ManagementFault(`${this.url.origin} answered ${status}, and no file`);
    }
    #answerOf(status, text) {
        let answer;
        try {
            answer = JSON.parse(text);
        }
        catch {
            throw new ManagementFault(`${this.url.origin} answered ${status}, and no JSON`);
        }
        if (status >= 200 && status < 300)
            return answer;
        const { code, error } = answer;
        throw new ManagementFault(`${status} ${code ?? ''}: ${error?.message ?? 'no message'}`);
    }
    async #exchange(method, path, body) {
        const text = body === undefined ? undefined : JSON.stringify(body);
        try {
            return await new Promise((resolve, reject) => {
                const send = this.url.protocol === 'https:' ? node_https_1.request : node_http_1.request;
                const req = send({
                    hostname: this.url.hostname.replace(/^\[|\]$/g, ''),
                    port: this.url.port,
                    method,
                    path,
                    timeout: TIMEOUT_MS,
                    // Whatever the environment says: the management token goes to nobody else.
                    rejectUnauthorized: true,
                    headers: {
                        authorization: `Bearer ${this.token}`,
                        ...(text === undefined
                            ? {}
                            : {
                                'content-type': 'application/json',
                                'content-length': Buffer.byteLength(text),
                            }),
                    },
                }, resolve);
                req.on('error', reject);
                req.on('timeout', () => req.destroy(new Error('no answer came in time')));
                req.end(text);
            });
        }
        catch (error) {
            throw this.#noAnswer(error);
        }
    }
    async #read(answer) {
        try {
            const chunks = [];
            for await (const chunk of answer)
                chunks.push(chunk);
            return { status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') };
        }
        catch (error) {
            throw this.#noAnswer(error);
        }
    }
    #noAnswer(error) {
        const { code, message } = error;
        return new ManagementFault(`no broker answers at ${this.url.origin}: ${code ?? message}`);
    }
}
exports.ManagementApi = ManagementApi;
/** The URL of a broker; `undefined` where the text is none, or would show the token on a network. */
function brokerUrl(text) {
    try {
        const url = new URL(text);
        const safe = url.protocol === 'https:' || (url.protocol === 'http:' && (0, broker_options_1.isLoopback)(url.hostname));
        return safe && url.pathname === '/' && url.search === '' && url.username === ''
            ? url
            : undefined;
    }
    catch {
        return undefined;
    }
}
