"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.DEFAULT_BODY_LIMITS = void 0;
exports.DEFAULT_BODY_LIMITS = { bodyBytes: 65_536, parameters: 1_000, levels: 8 };
