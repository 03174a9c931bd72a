/** An instant as ISO 8601 in UTC. Many are asked for within one millisecond. */
export declare function instantText(ms: number): string;
