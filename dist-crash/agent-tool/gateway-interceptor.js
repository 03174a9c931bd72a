"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.interceptGateway = interceptGateway;
const INTERCEPTORS = '__interceptors__';
const GATEWAY = 'websockets:is_gateway';
const ours = new WeakSet();
/**
 * Has an interceptor stand around the handlers of a gateway, after those of the gateway itself.
 * NestJS 11 asks no global interceptor there.
 */
function interceptGateway(host, interceptor) {
    if (!Reflect.hasMetadata(GATEWAY, host))
        return;
    const interceptors = (Reflect.getMetadata(INTERCEPTORS, host) ?? []);
    ours.add(interceptor);
    // What an application before this one put here makes room.
    const others = interceptors.filter((each) => !ours.has(each));
    Reflect.defineMetadata(INTERCEPTORS, [...others, interceptor], host);
}
