"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.stripeMatchers = void 0;
const stripe_matchers_1 = require("./stripe-matchers");
Object.defineProperty(exports, "stripeMatchers", { enumerable: true, get: function () { return stripe_matchers_1.stripeMatchers; } });
const { expect } = globalThis;
if (typeof expect?.extend !== 'function') {
    throw new Error("nestjs-vault-key/testing/jest extends Jest's global expect, and there is none here. Where Jest injects no globals, import 'nestjs-vault-key/testing/jest-globals'.");
}
expect.extend(stripe_matchers_1.stripeMatchers);
