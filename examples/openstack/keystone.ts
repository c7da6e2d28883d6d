// Starts Debian's Keystone with a database of its own and OSProfiler's middleware.
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MANAGE = '/usr/bin/keystone-manage';
const PASSWORD = 's3cr3t';
const script = fileURLToPath(new URL('keystone-server.py', import.meta.url));

/** Whether Debian's packages keystone, python3-osprofiler and python3-redis are installed. */
export function hasKeystone(): boolean {
  // While its package is being installed, it cannot be used yet.
  const { stdout } = spawnSync('dpkg-query', ['--status', 'keystone'], { encoding: 'utf8' });
  if (!existsSync(MANAGE) || !stdout?.includes('\nStatus: install ok installed\n')) return false;
  return spawnSync('/usr/bin/python3', ['-c', 'import osprofiler, redis']).status === 0;
}

export interface KeystoneOptions {
  readonly port: number;
  readonly redisUrl: string;
  readonly hmacKey: string;
  /** Whether the queries to its database have points, too. Default `false`. */
  readonly traceQueries?: boolean;
}

export type Keystone = Awaited<ReturnType<typeof startKeystone>>;

/** Starts Keystone on a free port of 127.0.0.1. OSProfiler's points are stored in the Redis of `redisUrl`. */
export async function startKeystone({ port, redisUrl, hmacKey, traceQueries = false }: KeystoneOptions) {
  const folder = mkdtempSync(join(tmpdir(), 'clew-keystone-'));
  const config = join(folder, 'keystone.conf');
  const url = `http://127.0.0.1:${port}/v3`;
  mkdirSync(join(folder, 'keys'), { mode: 0o700 });
  writeFileSync(config, configuration(folder, redisUrl, hmacKey, traceQueries));
  const manage = (...args: string[]) => run(MANAGE, ['--config-file', config, ...args]);
  let server: ChildProcess | undefined;
  const stop = async () => {
    if (server?.exitCode === null) {
      const ended = once(server, 'exit');
      server.kill();
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const [uid, gid] = [`${process.getuid?.()}`, `${process.getgid?.()}`];
    await manage('db_sync');
    await manage('fernet_setup', '--keystone-user', uid, '--keystone-group', gid);
    const region = ['--bootstrap-region-id', 'RegionOne', '--bootstrap-public-url', url];
    await manage('bootstrap', '--bootstrap-password', PASSWORD, ...region);
    server = spawn('/usr/bin/python3', [script, config, `${port}`], { stdio: ['ignore', 'pipe', 'ignore'] });
    const ready = await Promise.race([
      once(server.stdout!, 'data').then(() => true),
      once(server, 'exit').then(() => false),
    ]);
    if (!ready) throw new Error('Keystone did not start');
    return { url, stop, ...(await administer(url)) };
  } catch (error) {
    await stop();
    throw error;
  }
}

function configuration(folder: string, redisUrl: string, hmacKey: string, traceQueries: boolean): string {
  return `[DEFAULT]
log_file = ${folder}/keystone.log
[database]
connection = sqlite:///${folder}/keystone.db
[fernet_tokens]
key_repository = ${folder}/keys
[profiler]
enabled = true
hmac_keys = ${hmacKey}
connection_string = ${redisUrl}
trace_sqlalchemy = ${traceQueries}
`;
}

/** Fetches a token of the administrator, who may add services. */
async function administer(url: string) {
  const domain = { id: 'default' };
  const user = { name: 'admin', password: PASSWORD, domain };
  const identity = { methods: ['password'], password: { user } };
  const login = await post(`${url}/auth/tokens`, {
    auth: { identity, scope: { project: { name: 'admin', domain } } },
  });
  const headers = { 'x-auth-token': String(login.headers.get('x-subject-token')) };
  const { token } = (await login.json()) as { token: Record<'project' | 'user', { id: string }> };
  return {
    credentials: {
      endpointUrl: url,
      username: user.name,
      password: PASSWORD,
      domainId: domain.id,
      projectId: token.project.id,
    },
    async addService(name: string, type: string, serviceUrl: string) {
      const added = await post(`${url}/services`, { service: { name, type } }, headers);
      const { service } = (await added.json()) as { service: { id: string } };
      const endpoint = {
        service_id: service.id,
        interface: 'public',
        url: serviceUrl,
        region_id: 'RegionOne',
      };
      await post(`${url}/endpoints`, { endpoint }, headers);
    },
    /** Revokes all tokens of the user, as a change of the password does, also that of `addService`. */
    async revokeTokens() {
      const changed = { user: { password: PASSWORD } };
      await send('PATCH', `${url}/users/${token.user.id}`, changed, headers);
      // Keystone compares whole seconds: it would also refuse the tokens that it issues in this second.
      await delay(1100);
    },
  };
}

const post = (url: string, body: object, headers?: Record<string, string>) =>
  send('POST', url, body, headers);

async function send(
  method: string,
  url: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<Response> {
  const response = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response;
}
