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
var __param = (this && this.__param) || function (paramIndex, decorator) {
    return function (target, key) { decorator(target, key, paramIndex); }
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.MarkRules = exports.KNOWN_VENDORS = void 0;
const common_1 = require("@nestjs/common");
const broker_client_1 = require("../broker-client/broker-client");
const vault_key_policy_1 = require("../vault-key/vault-key-policy");
const label_1 = require("../vault-key/label");
const tool_name_1 = require("./tool-name");
/** The token of the vendors the broker is known to serve; `null` where only the broker knows. */
exports.KNOWN_VENDORS = Symbol.for('nestjs-vault-key:known-vendors');
const OPTIONS = new Set([
    'dailyUsdCap',
    'allowedEndpoints',
    'vendor',
    'expiresIn',
    'tool',
]);
const TOOL_EXAMPLE = "@AgentTool({ tool: 'payments.charge', … })";
/** What can be told of a mark before its first call. */
let MarkRules = class MarkRules {
    client;
    knownVendors;
    #names = new Map();
    constructor(client, knownVendors) {
        this.client = client;
        this.knownVendors = knownVendors;
    }
    /** Every fault of a mark. */
    faultsOf(mark, where) {
        const { dailyUsdCap, allowedEndpoints, vendor, expiresIn, tool } = mark;
        const faults = [
            typeof dailyUsdCap === 'function' ? undefined : (0, vault_key_policy_1.dailyUsdCapFault)(dailyUsdCap),
            ...(typeof allowedEndpoints === 'function'
                ? []
                : (0, vault_key_policy_1.allowedEndpointsFaults)(allowedEndpoints, vendor, this.client.dialect)),
            (0, vault_key_policy_1.vendorFault)(vendor) ?? this.#unknownVendor(vendor ?? vault_key_policy_1.DEFAULT_VENDOR),
            (0, vault_key_policy_1.expiresInFault)(expiresIn),
            toolFault(tool),
        ];
        const unknown = Object.keys(mark)
            .filter((name) => !OPTIONS.has(name))
            .map((name) => ({
            where,
            message: `has the option ${name}, which is not known (known: ${[...OPTIONS].join(', ')})`,
        }));
        return [
            ...faults
                .filter((fault) => fault !== undefined)
                .map(({ field, message, example }) => ({ where, message: `${field} ${message}`, example })),
            ...unknown,
        ];
    }
    /** Every fault of the names that methods give to their tools, those of earlier ones included. */
    nameFaultsOf(named, where) {
        if ((0, tool_name_1.hasMinifiedName)(named)) {
            return [
                {
                    where,
                    message: `has the class name "${named.host.name}", which a minifier may have made: the tool's budgets and brakes would bind another tool, or none, in the next build`,
                    example: TOOL_EXAMPLE,
                },
            ];
        }
        const ofItsClass = (0, tool_name_1.toolNameOf)(named) === `${named.host.name}.${named.key}`;
        const owner = ofItsClass && named.mark.tool === undefined ? named.host : named.mark;
        const fault = this.claimName((0, tool_name_1.toolNameOf)(named), owner, where);
        return fault === undefined ? [] : [fault];
    }
    /** Takes a name for a tool; the fault where another one of the application has it. */
    claimName(name, owner, where) {
        const known = this.#names.get(name);
        if (known === undefined)
            this.#names.set(name, { owner, where });
        if (known === undefined || known.owner === owner)
            return undefined;
        const message = `has the tool name "${name}", as ${known.where} does: what is spent, capped and stopped of one would be of both`;
        return { where, message, example: TOOL_EXAMPLE };
    }
    #unknownVendor(vendor) {
        if (this.knownVendors === null || this.knownVendors.has(vendor))
            return undefined;
        const names = [...this.knownVendors].join(', ');
        const message = `"${vendor}" is not configured in \`embedded.vendors\`, which has: ${names}`;
        return { field: 'vendor', message, example: "vendor: 'stripe'" };
    }
};
exports.MarkRules = MarkRules;
exports.MarkRules = MarkRules = __decorate([
    (0, common_1.Injectable)(),
    __param(1, (0, common_1.Inject)(exports.KNOWN_VENDORS)),
    __metadata("design:paramtypes", [broker_client_1.BrokerClient, Object])
], MarkRules);
function toolFault(value) {
    if (value === undefined)
        return undefined;
    // What a broker refuses as a subject would be known by its hash.
    if (typeof value === 'string' && (0, label_1.subjectId)(value) === value)
        return undefined;
    const message = 'must be 1 to 128 printable characters, not blank';
    return { field: 'tool', message, example: "tool: 'payments.charge'" };
}
