/** How much of a request body is read. */
export interface BodyLimits {
  bodyBytes: number;
  parameters: number;
  /** How deep a parameter may be nested. */
  levels: number;
}

export const DEFAULT_BODY_LIMITS: BodyLimits = { bodyBytes: 65_536, parameters: 1_000, levels: 8 };
