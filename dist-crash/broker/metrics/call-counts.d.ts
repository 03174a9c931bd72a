/** What became of the calls since the process began; counts alone, nobody's name. */
export declare class CallCounts {
    #private;
    call(vendor: string, verdict: string): void;
    unknownCaller(code: string): void;
    get calls(): {
        vendor: string;
        verdict: string;
        count: number;
    }[];
    get unknownCallers(): {
        code: string;
        count: number;
    }[];
}
