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
exports.KeptConnections = void 0;
const http = __importStar(require("node:http"));
const https = __importStar(require("node:https"));
// Shorter than what servers and load balancers commonly allow an idle connection: one that is
// closed under a call makes that call's outcome unknown.
const IDLE_CONNECTION_MS = 15_000;
/**
 * Connections to a broker that are kept, and how many requests may be under way on them. What is
 * beyond waits here, where it can be given up before it was sent: an `http.Agent` with `maxSockets`
 * tells a request that waits in it of nothing, not even of its own end.
 */
class KeptConnections {
    http = new http.Agent({ keepAlive: true, timeout: IDLE_CONNECTION_MS });
    https = new https.Agent({
        keepAlive: true,
        timeout: IDLE_CONNECTION_MS,
        // Whatever NODE_TLS_REJECT_UNAUTHORIZED says: a token goes to nobody else.
        rejectUnauthorized: true,
    });
    #free;
    /** In the order in which they came. */
    #waiting = new Set();
    constructor(max) {
        this.#free = max;
    }
    /** Takes a place; resolves with `false` where none was free in time. */
    take(waitMs) {
        if (this.#free > 0) {
            this.#free -= 1;
            return true;
        }
        return new Promise((resolve) => {
            const begin = () => {
                clearTimeout(timer);
                resolve(true);
            };
            const timer = setTimeout(() => {
                // A process that was busy hears of its timers first, and then of what has come meanwhile.
                setImmediate(() => {
                    if (this.#waiting.delete(begin))
                        resolve(false);
                });
            }, waitMs);
            this.#waiting.add(begin);
        });
    }
    /** Gives a place back. */
    release() {
        const [next] = this.#waiting;
        if (next === undefined) {
            this.#free += 1;
            return;
        }
        this.#waiting.delete(next);
        next();
    }
    destroy() {
        this.http.destroy();
        this.https.destroy();
    }
}
exports.KeptConnections = KeptConnections;
