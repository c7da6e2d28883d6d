import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { aptInstall } from './apt-install.ts';
import { type Certificate, writeCertificate } from './certificate.ts';
import { freePorts } from './free-ports.ts';

/** A MariaDB or MySQL server that tests may use. */
export interface Mariadb {
  /** `mysql://root@127.0.0.1:3306/test` */
  readonly url: string;
  /** Stops the server if it was started here. */
  stop(): Promise<void>;
}

const DEFAULT_URL = 'mysql://root@127.0.0.1:3306/test';
const START_TIMEOUT_MS = 60_000;
const MISSING =
  'these tests need MariaDB: set MYSQL_URL, start one on 127.0.0.1:3306 with a user "root" without a password and a ' +
  'database "test" (docker compose up -d --wait), or install it (apt-get install mariadb-server)';

/**
 * Finds a MariaDB: the one of `MYSQL_URL`, else the one on the default port. Else starts an installed one, after
 * installing it if that is possible (as root, on Debian). If there is no MariaDB, rejects with one line that says how to
 * provide it.
 */
export async function findMariadb(): Promise<Mariadb> {
  const named = process.env.MYSQL_URL;
  const reason = await whyUnusable(named ?? DEFAULT_URL);
  if (reason === undefined) return { url: named ?? DEFAULT_URL, stop: async () => {} };
  if (named !== undefined) throw new Error(`MariaDB at ${named.replace(/:[^:@/]*@/, '@')}: ${reason}`);
  return startMariadb();
}

/**
 * Starts an installed MariaDB on its own port and in its own folder, which `stop` removes. With a certificate, it also
 * accepts connections over TLS.
 */
export async function startMariadb(certificate?: Certificate): Promise<Mariadb> {
  const server = onPath('mariadbd') ?? (aptInstall('mariadb-server') ? onPath('mariadbd') : undefined);
  const installer = onPath('mariadb-install-db');
  if (server === undefined || installer === undefined) throw new Error(MISSING);
  const folder = mkdtempSync(join(tmpdir(), 'clew-mariadb-'));
  const owner = unprivilegedUser();
  if (owner) chownSync(folder, owner.uid, owner.gid);
  const [port] = await freePorts(1);
  const settings = ['--no-defaults', `--datadir=${join(folder, 'data')}`];
  const created = spawnSync(
    installer,
    [...settings, '--auth-root-authentication-method=normal', '--skip-test-db'],
    {
      ...owner,
      cwd: folder,
      encoding: 'utf8',
    },
  );
  if (created.status !== 0) throw new Error(`mariadb-install-db failed: ${created.stderr || created.error}`);
  const files = [`--socket=${join(folder, 'socket')}`, `--pid-file=${join(folder, 'pid')}`];
  const args = [...settings, ...files, `--port=${port}`, '--bind-address=127.0.0.1'];
  if (certificate === undefined) args.push('--skip-ssl');
  else {
    const { certFile, keyFile } = writeCertificate(folder, certificate, owner);
    args.push(`--ssl-cert=${certFile}`, `--ssl-key=${keyFile}`);
  }
  const running = spawn(server, args, { ...owner, cwd: folder, stdio: 'ignore' });
  const exited = once(running, 'exit');
  const stop = async () => {
    running.kill('SIGTERM');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  const url = `mysql://root@127.0.0.1:${port}/`;
  try {
    await untilUsable(url);
    await query(url, 'CREATE DATABASE test');
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `${url}test`, stop };
}

async function query(url: string, text: string): Promise<void> {
  const connection = await createConnection({ uri: url, connectTimeout: 20_000 });
  await connection.query(text).finally(() => connection.end());
}

/** Why the server can't be used; `undefined` if it can. */
async function whyUnusable(url: string): Promise<string | undefined> {
  return query(url, 'SELECT 1').then(
    () => undefined,
    (error: { readonly message?: string; readonly code?: string }) =>
      error.message || error.code || String(error),
  );
}

async function untilUsable(url: string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const reason = await whyUnusable(url);
    if (reason === undefined) return;
    if (Date.now() > deadline) throw new Error(`MariaDB was started but can't be used: ${reason}`);
    await sleep(50);
  }
}

/** Finds an executable. Debian installs the server in /usr/sbin, which is not in every user's PATH. */
function onPath(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin'];
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}

/** MariaDB refuses to run as root; its package has a user for it. */
function unprivilegedUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (kind: '-u' | '-g') => Number(spawnSync('id', [kind, 'mysql'], { encoding: 'utf8' }).stdout);
  return { uid: idOf('-u'), gid: idOf('-g') };
}
