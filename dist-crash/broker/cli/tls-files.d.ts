/** What a server shows to its clients, in PEM. */
export interface TlsFiles {
    /** The certificate, and after it those that lead to its root. */
    cert: Buffer;
    key: Buffer;
}
/**
 * Reads a certificate and its key; `undefined` where neither is named.
 *
 * @throws BadSetting where only one is, or where the files do not hold them.
 */
export declare function readTlsFiles(certFile: string | undefined, keyFile: string | undefined): TlsFiles | undefined;
