"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.vendors = void 0;
const stripe_1 = require("./stripe");
/** The vendors this version knows, by name. */
exports.vendors = new Map([[stripe_1.stripe.name, stripe_1.stripe]]);
