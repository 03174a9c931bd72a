/** How much a line of the log matters. */
export type LogLevel = 'info' | 'warn' | 'error';

/** Takes the lines of the log, without their ends; `warn` where no level is given. */
export type Log = (line: string, level?: LogLevel) => void;
