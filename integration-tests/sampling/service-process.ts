// A traced service in a process of its own, and load for it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cleanEnvironment } from '../run-program.ts';

/** Express as a CommonJS module, Koa as an ES module. */
export const PROGRAMS = { express: 'express.cjs', koa: 'koa.mjs' } as const;
export const PRELOAD = ['--import', '@clew/node/register'];
const CONNECTIONS = 4;

/** What the tests read of the statistics. */
export interface ServiceState {
  readonly stats: {
    readonly spansOpen: number;
    readonly dropped: Readonly<Record<string, number>>;
    readonly late?: Readonly<
      Record<'pending' | 'spans' | 'bytes' | 'keptAtRoute' | 'keptAtEnd' | 'incomplete', number>
    >;
    readonly sampling?: {
      readonly requested: { readonly kept: number; readonly overLimit: number };
      readonly byPolicy: Readonly<
        Record<string, Readonly<Record<'matched' | 'kept' | 'dropped' | 'keptLate', number>>>
      >;
      readonly providers: Readonly<
        Record<
          string,
          {
            readonly loads: number;
            readonly failures: Readonly<Record<string, number>>;
          }
        >
      >;
    };
  };
  /** Memory of array buffers after collections, in bytes; only with the flag `--expose-gc`. */
  readonly bytesInBuffers: number;
}

/** The response of a service. */
export interface Served {
  readonly path: string;
  readonly status: number;
  /** In the order in which the requests started. */
  readonly number: number;
  readonly traceId: string;
  /** The sampled flag in the first middleware, and in the handler. */
  readonly early: boolean;
  readonly sampled: boolean;
  /** When the handler ran, in epoch milliseconds. */
  readonly at: number;
  readonly log?: string;
}

/** A running service. */
export class ServiceProcess {
  readonly #child: ChildProcess;
  readonly #agent = new http.Agent({ keepAlive: true });
  #port = 0;
  #stderr = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr!.on('data', (text) => {
      this.#stderr += text;
    });
  }

  /** @param flags of Node, which load Clew */
  static async start(
    program: string,
    flags: readonly string[],
    variables: Readonly<Record<string, string>>,
  ): Promise<ServiceProcess> {
    const child = spawn(process.execPath, [...flags, join(__dirname, 'programs', program)], {
      cwd: __dirname,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: cleanEnvironment({ OTEL_BSP_SCHEDULE_DELAY: '100', ...variables }),
    });
    const service = new ServiceProcess(child);
    const [first] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
    if (typeof first !== 'object' || first === null) throw new Error(`${program}: ${service.#stderr}`);
    service.#port = (first as { port: number }).port;
    return service;
  }

  /** What the process has logged. */
  get stderr(): string {
    return this.#stderr;
  }

  /** @param flush whether the service first exports all spans that have ended */
  state(flush: 'flush' | 'now' = 'now'): Promise<ServiceState> {
    return this.#ask(flush);
  }

  /** Moves the wall clock of the process, which needs `jumping-clock.cjs`. */
  async jumpClock(ms: number): Promise<void> {
    await this.#ask(ms);
  }

  get(path: string, headers: http.OutgoingHttpHeaders = {}): Promise<Served> {
    const options = { host: '127.0.0.1', port: this.#port, path, headers, agent: this.#agent };
    return new Promise((resolve, reject) => {
      http
        .get(options, async (response) => {
          try {
            let text = '';
            for await (const chunk of response) text += chunk;
            resolve({ path, status: response.statusCode!, ...JSON.parse(text) });
          } catch (error) {
            reject(error);
          }
        })
        .on('error', reject);
    });
  }

  async #ask(question: string | number): Promise<ServiceState> {
    const answer = once(this.#child, 'message');
    this.#child.send(question);
    return (await answer)[0];
  }

  /** Ends the process, which exports its last spans. Resolves to its exit status. */
  async end(): Promise<number | null> {
    this.#agent.destroy();
    if (this.#child.exitCode !== null) return this.#child.exitCode;
    const exit = once(this.#child, 'exit');
    this.#child.disconnect();
    return (await exit)[0];
  }
}

/** Sends requests without interruption, on a few connections, until it is stopped. */
export class Load {
  readonly served: Served[] = [];
  readonly #service: ServiceProcess;
  readonly #paths: readonly string[];
  readonly #connections: Promise<void>[];
  #sent = 0;
  #isStopped = false;

  /** @param paths are requested in turn, each with the number of the request at its end */
  constructor(service: ServiceProcess, paths: readonly string[]) {
    this.#service = service;
    this.#paths = paths;
    this.#connections = Array.from({ length: CONNECTIONS }, () => this.#send());
  }

  /** Resolves to all responses, in the order in which the service started the requests. */
  async stop(): Promise<Served[]> {
    this.#isStopped = true;
    await Promise.all(this.#connections);
    return this.served.sort((a, b) => a.number - b.number);
  }

  async #send(): Promise<void> {
    while (!this.#isStopped) {
      const number = this.#sent++;
      const path = this.#paths[number % this.#paths.length] as string;
      this.served.push(await this.#service.get(`${path}${number}`));
      await delay(1);
    }
  }
}

/** Resolves when the condition holds; rejects after a minute. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 60_000; performance.now() < end; await delay(5)) {
    if (await holds()) return;
  }
  throw new Error(`within a minute: ${what}`);
}
