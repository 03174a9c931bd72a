"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.stripeMatchers = void 0;
const globals_1 = require("@jest/globals");
const stripe_matchers_1 = require("./stripe-matchers");
Object.defineProperty(exports, "stripeMatchers", { enumerable: true, get: function () { return stripe_matchers_1.stripeMatchers; } });
globals_1.expect.extend(stripe_matchers_1.stripeMatchers);
