import { spawnSync } from 'node:child_process';

const PYTHON = '/usr/bin/python3';
const PACKAGES = [
  'python3-osprofiler',
  'python3-oslo.messaging',
  'python3-psycopg2',
  'python3-pymysql',
  'python3-redis',
];
const NEEDED = 'import osprofiler, oslo_messaging, psycopg2, pymysql, redis, sqlalchemy';

/**
 * Installs OSProfiler and what it needs to read each store, if possible: as root, on Debian. Logs and returns why it can't
 * be tested; returns `undefined` if it can.
 */
export function missingOsprofiler(): string | undefined {
  if (isInstalled()) return undefined;
  if (process.getuid?.() === 0) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const options = ['-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300'];
    spawnSync('apt-get', ['update'], { env });
    spawnSync('apt-get', ['install', ...options, ...PACKAGES], { env });
    if (isInstalled()) return undefined;
  }
  const reason = `Debian's packages ${PACKAGES.join(', ')} are not installed`;
  process.stderr.write(`clew: trace points are not read by OSProfiler: ${reason}\n`);
  return reason;
}

function isInstalled(): boolean {
  return spawnSync(PYTHON, ['-c', NEEDED]).status === 0;
}
