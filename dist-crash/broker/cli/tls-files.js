"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.readTlsFiles = readTlsFiles;
const node_crypto_1 = require("node:crypto");
const node_fs_1 = require("node:fs");
const bad_setting_1 = require("./bad-setting");
const CERT = '--tls-cert (VAULT_KEY_TLS_CERT)';
const KEY = '--tls-key (VAULT_KEY_TLS_KEY)';
/**
 * Reads a certificate and its key; `undefined` where neither is named.
 *
 * @throws BadSetting where only one is, or where the files do not hold them.
 */
function readTlsFiles(certFile, keyFile) {
    if (certFile === undefined && keyFile === undefined)
        return undefined;
    if (certFile === undefined)
        throw new bad_setting_1.BadSetting(`${KEY} is set, and ${CERT} is not: set both`);
    if (keyFile === undefined)
        throw new bad_setting_1.BadSetting(`${CERT} is set, and ${KEY} is not: set both`);
    const cert = read(CERT, certFile);
    const key = read(KEY, keyFile);
    const certificate = parsed(CERT, certFile, 'a certificate in PEM', () => new node_crypto_1.X509Certificate(cert));
    const privateKey = parsed(KEY, keyFile, 'a private key in PEM without a passphrase', () => (0, node_crypto_1.createPrivateKey)(key));
    if (!certificate.checkPrivateKey(privateKey)) {
        throw new bad_setting_1.BadSetting(`${KEY} ${keyFile}: is not the key of the certificate in ${certFile}`);
    }
    return { cert, key };
}
function read(setting, file) {
    try {
        return (0, node_fs_1.readFileSync)(file);
    }
    catch (error) {
        const { code } = error;
        throw new bad_setting_1.BadSetting(`${setting} ${file}: cannot be read (${code})`);
    }
}
function parsed(setting, file, what, parse) {
    try {
        return parse();
    }
    catch {
        throw new bad_setting_1.BadSetting(`${setting} ${file}: does not hold ${what}`);
    }
}
