import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { aptInstall } from './apt-install.ts';
import { type Certificate, writeCertificate } from './certificate.ts';
import { freePorts } from './free-ports.ts';

/** A PostgreSQL server that tests may use. */
export interface Postgres {
  /** `postgres://postgres@127.0.0.1:5432/test` */
  readonly url: string;
  /** Stops the server if it was started here. */
  stop(): Promise<void>;
}

const DEFAULT_URL = 'postgres://postgres@127.0.0.1:5432/test';
const START_TIMEOUT_MS = 60_000;
const MISSING =
  'these tests need PostgreSQL: set DATABASE_URL or PGHOST, start one on 127.0.0.1:5432 with a user "postgres" ' +
  'without a password and a database "test" (docker compose up -d --wait), or install it (apt-get install postgresql)';

/**
 * Finds a PostgreSQL: the one of `DATABASE_URL` or `PGHOST`, else the one on the default port. Else starts an installed
 * one, after installing it if that is possible (as root, on Debian). If there is no PostgreSQL, rejects with one line
 * that says how to provide it.
 */
export async function findPostgres(): Promise<Postgres> {
  const named = namedByEnvironment();
  const reason = await whyUnusable(named ?? DEFAULT_URL);
  if (reason === undefined) return { url: named ?? DEFAULT_URL, stop: async () => {} };
  if (named !== undefined) throw new Error(`PostgreSQL at ${withoutPassword(named)}: ${reason}`);
  return startPostgres();
}

/**
 * Starts an installed PostgreSQL on its own port and in its own folder, which `stop` removes. With a certificate, it also
 * accepts connections over TLS.
 */
export async function startPostgres(certificate?: Certificate): Promise<Postgres> {
  const binaries = installed() ?? (aptInstall('postgresql') ? installed() : undefined);
  if (binaries === undefined) throw new Error(MISSING);
  const folder = mkdtempSync(join(tmpdir(), 'clew-postgres-'));
  const owner = unprivilegedUser();
  if (owner) chownSync(folder, owner.uid, owner.gid);
  const data = join(folder, 'data');
  const created = spawnSync(join(binaries, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-N'], {
    ...owner,
    cwd: folder,
    encoding: 'utf8',
  });
  if (created.status !== 0) throw new Error(`initdb failed: ${created.stderr || created.error}`);

  const [port] = await freePorts(1);
  const settings = ['fsync=off', 'listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`];
  if (certificate !== undefined) {
    const { certFile, keyFile } = writeCertificate(folder, certificate, owner);
    settings.push('ssl=on', `ssl_cert_file=${certFile}`, `ssl_key_file=${keyFile}`);
  }
  const args = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
  const server = spawn(join(binaries, 'postgres'), args, { ...owner, cwd: folder, stdio: 'ignore' });
  const exited = once(server, 'exit');
  const stop = async () => {
    server.kill('SIGINT');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  try {
    await untilUsable(url);
    await query(url, 'CREATE DATABASE test');
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `postgres://postgres@127.0.0.1:${port}/test`, stop };
}

function namedByEnvironment(): string | undefined {
  const { DATABASE_URL, PGHOST, PGPORT = '5432', PGUSER = 'postgres', PGDATABASE = 'test' } = process.env;
  if (DATABASE_URL) return DATABASE_URL;
  return PGHOST && `postgres://${PGUSER}@${PGHOST}:${PGPORT}/${PGDATABASE}`;
}

function withoutPassword(url: string): string {
  return url.replace(/:[^:@/]*@/, '@');
}

async function query(url: string, text: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 20_000 });
  await client.connect();
  await client.query(text).finally(() => client.end());
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
    if (Date.now() > deadline) throw new Error(`PostgreSQL was started but can't be used: ${reason}`);
    await sleep(50);
  }
}

/** Finds the folder of `initdb` and `postgres`, in the PATH or where Debian installs them. */
function installed(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...globSync('/usr/lib/postgresql/*/bin')];
  return folders.find((folder) => existsSync(join(folder, 'initdb')));
}

/** PostgreSQL refuses to run as root; its package has a user for it. */
function unprivilegedUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (kind: '-u' | '-g') =>
    Number(spawnSync('id', [kind, 'postgres'], { encoding: 'utf8' }).stdout);
  return { uid: idOf('-u'), gid: idOf('-g') };
}
