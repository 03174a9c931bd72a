import type { Parameter } from './parameters';
/**
 * Reads an `application/x-www-form-urlencoded` body strictly (WHATWG URL, section 5.1, without its
 * leniency): every pair has a name and one `=`, every escape is whole and gives UTF-8, no raw `;`.
 */
export declare function parseFormBody(text: string): Parameter[];
