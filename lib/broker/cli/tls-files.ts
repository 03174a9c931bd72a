import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { BadSetting } from './bad-setting';

/** What a server shows to its clients, in PEM. */
export interface TlsFiles {
  /** The certificate, and after it those that lead to its root. */
  cert: Buffer;
  key: Buffer;
}

const CERT = '--tls-cert (VAULT_KEY_TLS_CERT)';
const KEY = '--tls-key (VAULT_KEY_TLS_KEY)';

/**
 * Reads a certificate and its key; `undefined` where neither is named.
 *
 * @throws BadSetting where only one is, or where the files do not hold them.
 */
export function readTlsFiles(
  certFile: string | undefined,
  keyFile: string | undefined,
): TlsFiles | undefined {
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile === undefined) throw new BadSetting(`${KEY} is set, and ${CERT} is not: set both`);
  if (keyFile === undefined) throw new BadSetting(`${CERT} is set, and ${KEY} is not: set both`);
  const cert = read(CERT, certFile);
  const key = read(KEY, keyFile);
  const certificate = parsed(
    CERT,
    certFile,
    'a certificate in PEM',
    () => new X509Certificate(cert),
  );
  const privateKey = parsed(KEY, keyFile, 'a private key in PEM without a passphrase', () =>
    createPrivateKey(key),
  );
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new BadSetting(`${KEY} ${keyFile}: is not the key of the certificate in ${certFile}`);
  }
  return { cert, key };
}

function read(setting: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new BadSetting(`${setting} ${file}: cannot be read (${code})`);
  }
}

function parsed<T>(setting: string, file: string, what: string, parse: () => T): T {
  try {
    return parse();
  } catch {
    throw new BadSetting(`${setting} ${file}: does not hold ${what}`);
  }
}
