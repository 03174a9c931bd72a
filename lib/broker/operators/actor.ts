/** What an operator may do: a `viewer` reads, an `operator` also stops and decides, an `admin` also sets caps. */
export type OperatorRole = 'viewer' | 'operator' | 'admin';

/** Who asks for a change. */
export interface Actor {
  /** An operator's name as the config has it; `app` for the application's token, or for code in the application. */
  name: string;
  role: OperatorRole;
  /** Whether it is the application and no operator. */
  isApp: boolean;
  remoteAddress?: string;
}
