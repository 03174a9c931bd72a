/** The broker did not do what it was asked: its own words, or why there are none. */
export declare class ManagementFault extends Error {
}
/** The management API of a running broker. */
export declare class ManagementApi {
    #private;
    private readonly url;
    private readonly token;
    constructor(url: URL, token: string);
    /**
     * @param path Goes as it is: an id in it is the caller's to encode.
     * @throws ManagementFault where the answer is no 2xx, or none came.
     */
    call<T>(method: string, path: string, body?: unknown): Promise<T>;
    /**
     * Asks for a file, which comes as it is read.
     *
     * @throws ManagementFault where the answer is no 200, or none came.
     */
    file(path: string): Promise<{
        bytes: number;
        chunks: AsyncIterable<Buffer>;
    }>;
}
/** The URL of a broker; `undefined` where the text is none, or would show the token on a network. */
export declare function brokerUrl(text: string): URL | undefined;
