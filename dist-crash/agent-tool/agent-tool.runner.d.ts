import type { Run } from '../vault-key/run';
import { RunOpener } from '../vault-key/run-opener';
import type { RunRequest } from '../vault-key/run-opener';
import type { AgentToolContext, AgentToolOptions } from './agent-tool.decorator';
import type { ToolCall, ToolRuns } from './tool-runs';
/** How a run of a marked method is asked for; its policy follows from the mark and the call. */
export type ToolRunRequest = Omit<RunRequest, 'policy' | 'identity'>;
/** Opens the runs of marked methods, however they are called. */
export declare class AgentToolRunner implements ToolRuns {
    #private;
    private readonly runs;
    constructor(runs: RunOpener);
    /**
     * Opens a run under a mark's policy.
     *
     * @throws VaultKeyException when no key was to be had, or the policy was not.
     */
    open(mark: AgentToolOptions, call: AgentToolContext, request: ToolRunRequest): Promise<Run>;
    /** Runs a method that Nest does not route, or that the application's own code calls. */
    run(call: ToolCall): unknown;
}
