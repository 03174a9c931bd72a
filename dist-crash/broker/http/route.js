"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.ID = void 0;
/** The id of a key, a brake, a lease, a hold, in a path. */
exports.ID = '([A-Za-z0-9_-]{1,255})';
