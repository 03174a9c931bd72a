"use strict";
var __createBinding = (this && this.__createBinding) || (Object.create ? (function(o, m, k, k2) {
    if (k2 === undefined) k2 = k;
    var desc = Object.getOwnPropertyDescriptor(m, k);
    if (!desc || ("get" in desc ? !m.__esModule : desc.writable || desc.configurable)) {
      desc = { enumerable: true, get: function() { return m[k]; } };
    }
    Object.defineProperty(o, k2, desc);
}) : (function(o, m, k, k2) {
    if (k2 === undefined) k2 = k;
    o[k2] = m[k];
}));
var __setModuleDefault = (this && this.__setModuleDefault) || (Object.create ? (function(o, v) {
    Object.defineProperty(o, "default", { enumerable: true, value: v });
}) : function(o, v) {
    o["default"] = v;
});
var __importStar = (this && this.__importStar) || (function () {
    var ownKeys = function(o) {
        ownKeys = Object.getOwnPropertyNames || function (o) {
            var ar = [];
            for (var k in o) if (Object.prototype.hasOwnProperty.call(o, k)) ar[ar.length] = k;
            return ar;
        };
        return ownKeys(o);
    };
    return function (mod) {
        if (mod && mod.__esModule) return mod;
        var result = {};
        if (mod != null) for (var k = ownKeys(mod), i = 0; i < k.length; i++) if (k[i] !== "default") __createBinding(result, mod, k[i]);
        __setModuleDefault(result, mod);
        return result;
    };
})();
Object.defineProperty(exports, "__esModule", { value: true });
exports.Flight = void 0;
const http = __importStar(require("node:http"));
const https = __importStar(require("node:https"));
const node_stream_1 = require("node:stream");
/**
 * One request on its way. Serves as axios' `transport`, since only there can be seen what decides
 * about money: whether anything has left. It also sends the path byte for byte, which axios itself
 * would normalise.
 */
class Flight {
    path;
    headers;
    limits;
    /** Whether the connection stood, so that the request may have been read at the other end. */
    sent = false;
    timedOut = false;
    /** Whether it waited for its turn until its time was over, and so never began. */
    queued = false;
    /** What went wrong, as Node says it: no request, no headers, no secret. */
    failure;
    #timer;
    #lastTurn;
    constructor(path, headers, limits) {
        this.path = path;
        this.headers = headers;
        this.limits = limits;
    }
    request(options, onAnswer) {
        options.path = this.path;
        options.headers = { ...this.headers };
        const secure = options.protocol === 'https:';
        const request = (secure ? https : http).request(options, (answer) => {
            if (!this.limits.wholeAnswer)
                this.#disarm();
            onAnswer(answer);
        });
        this.#arm(this.limits.connectMs, request);
        request.once('socket', (socket) => {
            const connected = () => {
                this.sent = true;
                this.#arm(this.limits.answerMs, request);
            };
            if (request.reusedSocket || !socket.connecting)
                connected();
            else
                socket.once(secure ? 'secureConnect' : 'connect', connected);
        });
        request.once('error', (error) => {
            this.failure ??= error;
            this.#disarm();
        });
        request.once('close', () => this.#disarm());
        return request;
    }
    /**
     * The answer's body, cut loose from the request behind it, so that no one who prints an answer
     * prints its credentials.
     */
    bodyOf(answer) {
        const { answerMs, wholeAnswer } = this.limits;
        let stall;
        const body = new node_stream_1.Transform({
            transform(chunk, _encoding, done) {
                stall?.refresh();
                done(null, chunk);
            },
        });
        if (!wholeAnswer) {
            stall = setTimeout(() => {
                // What waits for its reader does not stand still.
                if (body.readableLength > 0)
                    stall?.refresh();
                else
                    body.destroy(new Error(`The answer stood still for ${answerMs} ms.`));
            }, answerMs);
        }
        (0, node_stream_1.pipeline)(answer, body, () => {
            clearTimeout(stall);
        });
        // An answer nobody reads must not bring the process down when it breaks off.
        body.on('error', () => undefined);
        return body;
    }
    #arm(ms, request) {
        this.#disarm();
        const end = () => {
            this.timedOut = true;
            request.destroy(new Error(`No answer within ${ms} ms.`));
        };
        this.#timer = setTimeout(() => {
            // A process that was busy hears of its timers first, and then of what has come meanwhile.
            this.#lastTurn = setImmediate(end);
        }, ms);
    }
    #disarm() {
        clearTimeout(this.#timer);
        clearImmediate(this.#lastTurn);
    }
}
exports.Flight = Flight;
