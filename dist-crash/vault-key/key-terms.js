"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.KEY_TERMS = void 0;
/** Where {@link KeyTerms} are injected. */
exports.KEY_TERMS = Symbol.for('nestjs-vault-key:key-terms');
