import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { aptInstall } from '../services/apt-install.ts';

/** Debian's own Python, for which its packages are installed. */
const PYTHON = '/usr/bin/python3';
const PACKAGES = [
  'python3-osprofiler',
  'python3-redis',
  'python3-oslo.messaging',
  'python3-sqlalchemy',
  'python3-psycopg2',
  'python3-pymysql',
];
const NEEDED = 'import osprofiler, redis, oslo_messaging, sqlalchemy, psycopg2, pymysql';

/** Installs OSProfiler with its drivers if possible. Returns why it can't be tested; `undefined` if it can. */
export function missingDrivers(): string | undefined {
  const isInstalled = () => spawnSync(PYTHON, ['-c', NEEDED]).status === 0;
  if (isInstalled() || (aptInstall(...PACKAGES) && isInstalled())) return undefined;
  return `one of Debian's packages ${PACKAGES.join(', ')} is missing`;
}

/** Writes a trace with OSProfiler's driver. Resolves to its base id. */
export async function writeTrace(connection: string, transportUrl?: string): Promise<string> {
  const script = join(__dirname, 'write_points.py');
  const transport = transportUrl === undefined ? [] : [transportUrl];
  const { stdout } = await promisify(execFile)(PYTHON, [script, connection, ...transport]);
  return stdout.trim();
}

/** A span in what `osprofiler trace show --json` prints. Times are milliseconds since the first point. */
export interface ReportNode {
  readonly trace_id: string;
  readonly info: {
    readonly name: string;
    readonly project: string;
    readonly service: string;
    readonly host: string;
    readonly started: number;
    readonly finished: number;
    readonly exception?: string;
  };
  readonly children: readonly ReportNode[];
}

/** Resolves to the roots of a trace, as `osprofiler trace show --json` prints them. */
export async function showTrace(
  baseId: string,
  connection: string,
  transportUrl?: string,
): Promise<readonly ReportNode[]> {
  const transport = transportUrl === undefined ? [] : ['--transport-url', transportUrl];
  const args = ['trace', 'show', '--json', '--connection-string', connection, ...transport, baseId];
  const { stdout } = await promisify(execFile)('/usr/bin/osprofiler', args);
  return JSON.parse(stdout).children;
}
