import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePorts } from '../services/free-ports.ts';

/** Debian's own Python, for which its packages are installed. */
const PYTHON = '/usr/bin/python3';
const PACKAGES = ['python3-osprofiler', 'python3-redis', 'redis-server'];
const NEEDED = 'import osprofiler.web, redis, webob';

/** Installs OSProfiler if possible: as root, on Debian. Returns why it can't be tested; `undefined` if it can. */
export function missingOsprofiler(): string | undefined {
  if (isInstalled()) return undefined;
  if (process.getuid?.() !== 0)
    return `one of Debian's packages ${PACKAGES.join(', ')} is missing, and only root may install it`;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['update', '-qq'], { env });
  const { error, stderr } = spawnSync(
    'apt-get',
    ['install', '-y', '-qq', '--no-install-recommends', ...PACKAGES],
    {
      env,
    },
  );
  if (isInstalled()) return undefined;
  const [lastLine = ''] = String(error ?? stderr)
    .trim()
    .split('\n')
    .slice(-1);
  return `apt-get install ${PACKAGES.join(' ')} failed: ${lastLine}`;
}

function isInstalled(): boolean {
  return [[PYTHON, '-c', NEEDED] as const, ['redis-server', '--version'] as const].every(
    ([command, ...args]) => spawnSync(command, args).status === 0,
  );
}

/** Starts a Redis without persistence on a free port. */
export async function startRedis(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const [port] = await freePorts(1);
  const options = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  for await (const text of child.stdout) {
    output += text;
    if (output.includes('Ready to accept connections')) break;
  }
  if (!output.includes('Ready to accept connections')) throw new Error(`redis-server: ${output}`);
  return { url: `redis://127.0.0.1:${port}`, stop: () => stopped(child) };
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill();
  await exited;
}

/** A process with OSProfiler's middleware; `url` has no slash at its end. */
export class OsprofilerPeer {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  static async start(hmacKeys: readonly string[], redisUrl: string): Promise<OsprofilerPeer> {
    const script = join(__dirname, 'peers', 'osprofiler_peer.py');
    const child = spawn(PYTHON, [script, hmacKeys.join(','), redisUrl], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    const first = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
    if (child.exitCode !== null) throw new Error(`osprofiler_peer.py: exit ${child.exitCode}: ${stderr}`);
    return new OsprofilerPeer(child, `http://127.0.0.1:${Number(first[0])}`);
  }

  stop(): Promise<void> {
    return stopped(this.#child);
  }
}

/** Returns what `osprofiler trace show` prints about a trace that is stored in Redis. */
export function showTrace(baseId: string, redisUrl: string): unknown {
  const args = ['trace', 'show', '--json', '--connection-string', redisUrl, baseId];
  const { status, stdout, stderr } = spawnSync('/usr/bin/osprofiler', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`osprofiler trace show: exit ${status}: ${stdout}${stderr}`);
  return JSON.parse(stdout);
}
