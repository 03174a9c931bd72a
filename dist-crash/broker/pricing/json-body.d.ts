import type { Parameter } from './parameters';
/**
 * Reads a JSON object as the form parameters it stands for, numbers by the digits written:
 * `JSON.parse` gives no source text of numbers on Node 20, so the text is walked. A priced
 * parameter must have come as an integer literal or a string; `decimals` names those that did not.
 */
export declare function parseJsonBody(text: string, maxLevels: number): {
    parameters: Parameter[];
    decimals: Set<string>;
};
