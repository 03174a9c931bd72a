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
exports.filterGateway = filterGateway;
exports.filterMessages = filterMessages;
const common_1 = require("@nestjs/common");
const vault_key_missing_exception_1 = require("../exceptions/vault-key-missing.exception");
const FILTERS = '__exceptionFilters__';
const GATEWAY = 'websockets:is_gateway';
const PATTERN = 'microservices:pattern';
const ours = new WeakSet();
/**
 * Has a filter answer for a gateway. Nest asks no global filter there, only those of the gateway
 * itself: this one is asked after them.
 */
function filterGateway(host, filter) {
    if (Reflect.hasMetadata(GATEWAY, host))
        addFilter(host, filter);
}
/**
 * Has a filter answer where a handler of messages was called with no interceptor around it: no
 * global filter is asked there either, and the caller would be told "Internal server error".
 */
function filterMessages(host, methods, filter) {
    const prototype = host.prototype;
    if (methods.some((name) => Reflect.hasMetadata(PATTERN, prototype[name] ?? {}))) {
        addFilter(host, new NotInterceptedFilter(filter));
    }
}
/** Stands for the exceptions of handlers that no interceptor stood around. */
class NotIntercepted {
    static [Symbol.hasInstance](error) {
        return error instanceof vault_key_missing_exception_1.VaultKeyMissingException && error.reason === 'not_intercepted';
    }
}
let NotInterceptedFilter = class NotInterceptedFilter {
    filter;
    constructor(filter) {
        this.filter = filter;
    }
    catch(exception, host) {
        return this.filter.catch(exception, host);
    }
};
NotInterceptedFilter = __decorate([
    (0, common_1.Catch)(NotIntercepted),
    __metadata("design:paramtypes", [Object])
], NotInterceptedFilter);
function addFilter(host, filter) {
    const filters = (Reflect.getMetadata(FILTERS, host) ?? []);
    ours.add(filter);
    // Nest asks the last first. What an application before this one put here makes room.
    Reflect.defineMetadata(FILTERS, [filter, ...filters.filter((each) => !ours.has(each))], host);
}
