import type { StartUpFault } from './vault-key-start-up.exception';
/** Remembers a mark that the decorator of this copy of the package has made. */
export declare function rememberMark(mark: object): void;
/** Whether a mark was made by this copy of the package. */
export declare function isOwnMark(mark: object): boolean;
/**
 * What is wrong where this process has loaded the package from several places: what one copy marks,
 * injects or throws is not known to the other.
 */
export declare function copiesFault(): StartUpFault | undefined;
/** What is wrong with a mark of another copy of the package, or of this one loaded again. */
export declare function foreignMarkFault(where: string): StartUpFault;
