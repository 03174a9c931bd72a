"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.loadMcpNest = loadMcpNest;
/** @throws Error with the command to install it, where it is not there. */
function loadMcpNest() {
    try {
        return require('@rekog/mcp-nest');
    }
    catch (error) {
        if (error.code !== 'MODULE_NOT_FOUND')
            throw error;
        throw new Error('nestjs-vault-key/mcp needs the package @rekog/mcp-nest and what it works with, which are not installed: npm install @rekog/mcp-nest@^2');
    }
}
