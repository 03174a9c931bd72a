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
exports.BrokerLifetime = void 0;
const common_1 = require("@nestjs/common");
const vault_key_start_up_exception_1 = require("../vault-key/vault-key-start-up.exception");
const broker_client_1 = require("./broker-client");
const embedded_broker_client_1 = require("./embedded-broker.client");
/**
 * Tells an embedded broker how its application stands. Nest calls no hook of an application whose
 * start fails elsewhere; so until the start is over, and once the stop has begun, the store gives way
 * to a later application of the same process.
 */
let BrokerLifetime = class BrokerLifetime {
    client;
    constructor(client) {
        this.client = client;
    }
    onApplicationBootstrap() {
        const { client } = this;
        if (!(client instanceof embedded_broker_client_1.EmbeddedBrokerClient))
            return;
        client.isNeeded = true;
        if (!client.broker.isClosed)
            return;
        throw new vault_key_start_up_exception_1.VaultKeyStartUpException([
            {
                where: 'embedded.store',
                message: 'was taken over by an application of this process that was started later: an application that is to use it must have started before the next one begins',
            },
        ]);
    }
    beforeApplicationShutdown() {
        if (this.client instanceof embedded_broker_client_1.EmbeddedBrokerClient)
            this.client.isNeeded = false;
    }
};
exports.BrokerLifetime = BrokerLifetime;
exports.BrokerLifetime = BrokerLifetime = __decorate([
    (0, common_1.Injectable)(),
    __metadata("design:paramtypes", [broker_client_1.BrokerClient])
], BrokerLifetime);
