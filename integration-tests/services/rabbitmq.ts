import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { aptInstall } from './apt-install.ts';
import { freePorts } from './free-ports.ts';

/** A RabbitMQ broker that tests may use. */
export interface Rabbitmq {
  readonly url: string;
  /** Stops the broker if it was started here. */
  stop(): Promise<void>;
}

/** A broker that was started for the tests, so that they may stop and restart it. */
export interface OwnRabbitmq extends Rabbitmq {
  readonly port: number;
  start(): Promise<void>;
  /** Runs `rabbitmqctl` on the broker. */
  control(...args: string[]): string;
  /** Stops the broker and keeps its folder and ports for `start`. */
  halt(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;

/** Returns the broker of `AMQP_URL`, else the one on the default port, else a new one, which is installed if possible. */
export async function rabbitmq(): Promise<Rabbitmq> {
  const given = process.env.AMQP_URL;
  if (given !== undefined) return { url: given, stop: async () => {} };
  if (await acceptsConnections(5672))
    return { url: 'amqp://guest:guest@127.0.0.1:5672', stop: async () => {} };
  return ownRabbitmq();
}

/** Starts a broker on a free local port, with its data in a temporary folder. */
export async function ownRabbitmq(): Promise<OwnRabbitmq> {
  const server = serverCommand();
  const folder = mkdtempSync(join(tmpdir(), 'clew-rabbitmq-'));
  const [port, epmdPort, distPort] = await freePorts(3);
  const log = join(folder, 'output.log');
  const environment = {
    ...process.env,
    HOME: folder,
    RABBITMQ_NODENAME: `clew${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distPort),
    ERL_EPMD_PORT: String(epmdPort),
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: folder,
    RABBITMQ_CONF_ENV_FILE: join(folder, 'none.conf'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none',
  };
  mkdirSync(join(folder, 'data'));
  writeFileSync(join(folder, 'none.conf'), '');
  writeFileSync(join(folder, 'plugins'), '[].\n');
  writeFileSync(join(folder, 'rabbitmq.conf'), 'loopback_users = none\nheartbeat = 10\n');
  let child: ChildProcess | undefined;

  const broker: OwnRabbitmq = {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    port: port!,
    async start() {
      const output = openSync(log, 'a');
      const started = spawn(server, [], {
        cwd: folder,
        env: environment,
        detached: true,
        stdio: ['ignore', output, output],
      });
      child = started;
      const deadline = Date.now() + START_TIMEOUT_MS;
      while (!(await acceptsConnections(port!))) {
        if (started.exitCode !== null || Date.now() > deadline) {
          await broker.stop();
          throw new Error(`RabbitMQ (${server}) did not start: ${readFileSync(log, 'utf8').slice(-2000)}`);
        }
        await sleep(100);
      }
      // The port opens shortly before the broker is ready.
      broker.control('await_startup');
    },
    control: (...args) =>
      execFileSync(server.replace(/rabbitmq-server$/, 'rabbitmqctl'), args, {
        env: environment,
        cwd: folder,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    async halt() {
      const running = child;
      child = undefined;
      if (running?.pid === undefined || running.exitCode !== null || running.signalCode !== null) return;
      const ended = once(running, 'exit');
      process.kill(-running.pid, 'SIGTERM');
      await ended;
      while (await acceptsConnections(port!)) await sleep(20);
    },
    async stop() {
      await broker.halt();
      stopPortMapper(environment);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  process.once('exit', () => {
    if (child?.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  });
  await broker.start();
  return broker;
}

/** Finds the server itself: Debian's wrapper would switch to another user and use the system's folders. */
function serverCommand(): string {
  const find = () => globSync('/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server')[0] ?? onPath();
  const found = find();
  if (found !== undefined) return found;
  const installed = aptInstall('rabbitmq-server') ? find() : undefined;
  if (installed !== undefined) return installed;
  throw new Error(
    'these tests need RabbitMQ: set AMQP_URL, start one on port 5672, or install rabbitmq-server',
  );
}

function onPath(): string | undefined {
  return process.env.PATH?.split(':')
    .map((folder) => join(folder, 'rabbitmq-server'))
    .find((file) => existsSync(file));
}

/** Stops Erlang's port mapper, which keeps running after the broker has stopped. No other broker uses this one. */
function stopPortMapper(env: NodeJS.ProcessEnv): void {
  try {
    execFileSync('epmd', ['-kill'], { env, stdio: 'ignore' });
  } catch {
    // The process has already ended.
  }
}

/** Whether an AMQP broker accepts connections at this address. */
function acceptsConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('AMQP\0\0\x09\x01'));
    const done = (isBroker: boolean) => {
      socket.destroy();
      resolve(isBroker);
    };
    socket.setTimeout(10_000, () => done(false));
    socket.once('data', () => done(true));
    socket.once('error', () => done(false));
    socket.once('close', () => done(false));
  });
}
