import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { temporaryFile } from './broker-process';

/** A certificate that its own key has signed, in files that are gone after the suite. */
export interface Certificate {
  certFile: string;
  keyFile: string;
  cert: Buffer;
  key: Buffer;
}

/** Makes a certificate for a name, such as `DNS:localhost` or `IP:127.0.0.1`. */
export function certificateFor(name: string): Certificate {
  const certFile = temporaryFile('certificate.pem');
  const keyFile = temporaryFile('certificate.key');
  const command = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=test -addext subjectAltName=${name} -keyout ${keyFile} -out ${certFile}`;
  execFileSync('openssl', command.split(' '), { stdio: 'ignore' });
  return { certFile, keyFile, cert: readFileSync(certFile), key: readFileSync(keyFile) };
}
