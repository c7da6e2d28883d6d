import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** A self-signed certificate for 127.0.0.1 and localhost, and its private key, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** The user of a server: files of keys must belong to it. */
interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Creates a certificate. */
export async function selfSignedCertificate(): Promise<Certificate> {
  // Some clients compare it with `localhost`, whatever the host.
  const altNames = [
    { type: 2 as const, value: 'localhost' },
    { type: 7 as const, ip: '127.0.0.1' },
  ];
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    extensions: [{ name: 'subjectAltName', altNames }],
  });
  return { cert, key };
}

/** Writes a certificate and its key into a folder, for a server that runs as `owner`. Returns the paths. */
export function writeCertificate(
  folder: string,
  { cert, key }: Certificate,
  owner: Owner | undefined,
): { readonly certFile: string; readonly keyFile: string } {
  const files = { certFile: join(folder, 'server.crt'), keyFile: join(folder, 'server.key') };
  writeFileSync(files.certFile, cert);
  writeFileSync(files.keyFile, key);
  chmodSync(files.keyFile, 0o600);
  if (owner !== undefined) for (const file of Object.values(files)) chownSync(file, owner.uid, owner.gid);
  return files;
}
