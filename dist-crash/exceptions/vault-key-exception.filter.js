"use strict";
var __decorate = (this && this.__decorate) || function (decorators, target, key, desc) {
    var c = arguments.length, r = c < 3 ? target : desc === null ? desc = Object.getOwnPropertyDescriptor(target, key) : desc, d;
    if (typeof Reflect === "object" && typeof Reflect.decorate === "function") r = Reflect.decorate(decorators, target, key, desc);
    else for (var i = decorators.length - 1; i >= 0; i--) if (d = decorators[i]) r = (c < 3 ? d(r) : c > 3 ? d(target, key, r) : d(target, key)) || r;
    return c > 3 && r && Object.defineProperty(target, key, r), r;
};
var __metadata = (this && this.__metadata) || function (k, v) {
    if (typeof Reflect === "object" && typeof Reflect.metadata === "function") return Reflect.metadata(k, v);
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.VaultKeyExceptionFilter = void 0;
const common_1 = require("@nestjs/common");
const core_1 = require("@nestjs/core");
const rxjs_1 = require("rxjs");
const mcp_answer_1 = require("./mcp-answer");
const vault_key_exception_1 = require("./vault-key.exception");
/**
 * Answers a {@link VaultKeyException} in the words of the transport the call came over.
 *
 * - HTTP, on Express and Fastify: its status and body, `Cache-Control: no-store`, and `Retry-After`
 *   where the exception knows how long to wait.
 * - Microservices: the body, as of an `RpcException` made of it.
 * - MCP: a result with `isError`, whose text says what was refused and whether to retry, and whose
 *   `_meta` holds the body as `nestjs-vault-key/refusal`.
 * - WebSocket: the event `exception` with the body and the `cause`, which holds the message's
 *   pattern and data, as Nest's own answers do. An acknowledgement is left unanswered.
 * - GraphQL: an error with the exception's message, whose `extensions` hold its code as `code` and
 *   the rest of the body.
 *
 * `VaultKeyModule` registers it for the whole application, gateways included. A filter of the
 * application's own that catches these exceptions comes first, however it is registered: as
 * `APP_FILTER`, with `useGlobalFilters()`, with `@UseFilters()`; gateways know the last alone. Where
 * this one does not run, the exceptions answer with the same over HTTP and GraphQL, and Nest says
 * "Internal server error" elsewhere.
 */
let VaultKeyExceptionFilter = class VaultKeyExceptionFilter {
    adapterHost;
    constructor(adapterHost) {
        this.adapterHost = adapterHost;
    }
    catch(exception, host) {
        switch (host.getType()) {
            case 'http':
                return this.answer(exception, host.switchToHttp().getResponse());
            case 'rpc': {
                const mcpRequest = (0, mcp_answer_1.mcpRequestOf)(host.switchToRpc().getContext());
                if (mcpRequest !== undefined)
                    return (0, mcp_answer_1.mcpAnswer)(exception, mcpRequest);
                return (0, rxjs_1.throwError)(() => exception.getResponse());
            }
            case 'ws':
                return this.tell(exception, host.switchToWs());
            default:
                throw exception;
        }
    }
    tell(exception, host) {
        const client = host.getClient();
        const cause = { pattern: host.getPattern(), data: host.getData() };
        const payload = { ...exception.getResponse(), cause };
        // Not emit(), which `ws` has too: it would stay on this side.
        if (typeof client.readyState === 'number') {
            client.send?.(JSON.stringify({ event: 'exception', data: payload }));
        }
        else {
            client.emit?.('exception', payload);
        }
    }
    answer(exception, response) {
        const adapter = this.adapterHost.httpAdapter;
        const status = exception.getStatus();
        const body = exception.getResponse();
        const { retryAfter } = exception.details;
        const headers = {
            'Cache-Control': 'no-store',
            ...(typeof retryAfter === 'number' ? { 'Retry-After': String(retryAfter) } : {}),
        };
        if (!adapter.isHeadersSent(response)) {
            for (const [name, value] of Object.entries(headers)) {
                adapter.setHeader(response, name, value);
            }
            adapter.reply(response, body, status);
            return;
        }
        // Fastify counts a hijacked reply as sent before anything was: ended as it is, it would say 200.
        const { raw } = response;
        if (raw === undefined || raw.headersSent) {
            adapter.end(response);
            return;
        }
        raw.writeHead(status, { ...headers, 'Content-Type': 'application/json; charset=utf-8' });
        raw.end(JSON.stringify(body));
    }
};
exports.VaultKeyExceptionFilter = VaultKeyExceptionFilter;
exports.VaultKeyExceptionFilter = VaultKeyExceptionFilter = __decorate([
    (0, common_1.Catch)(vault_key_exception_1.VaultKeyException),
    __metadata("design:paramtypes", [core_1.HttpAdapterHost])
], VaultKeyExceptionFilter);
