import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { VaultKeyExceptionFilter } from '../exceptions/vault-key-exception.filter';
import { AgentToolInterceptor } from './agent-tool.interceptor';
import { AgentToolRunner } from './agent-tool.runner';
import { MarkRules } from './mark-rules';
import type { NamedMethod } from './tool-name';
/** A method that works under a mark. */
export interface MarkedMethod extends NamedMethod {
    /** `Class.method`. */
    where: string;
    /** The tool's name. */
    tool: string;
}
/**
 * Finds the marks of an application before it takes its first call: those that are not sound keep
 * it from starting, and objects whose methods are marked learn whose runs they open.
 */
export declare class AgentToolExplorer implements OnModuleInit, OnApplicationShutdown {
    #private;
    private readonly discovery;
    private readonly scanner;
    private readonly runner;
    private readonly rules;
    constructor(discovery: DiscoveryService, scanner: MetadataScanner, runner: AgentToolRunner, rules: MarkRules, filter: VaultKeyExceptionFilter, interceptor: AgentToolInterceptor);
    /** @throws VaultKeyStartUpException with every fault of every mark. */
    onModuleInit(): void;
    onApplicationShutdown(): void;
    /** Every method that works under a mark, its own or its class's. */
    markedMethods(): MarkedMethod[];
}
