import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Collector } from '@clew/viewer';
import { cleanEnvironment } from '../run-program.ts';
import { spansOf, treeOf } from '../span-tree.ts';

type Variables = Readonly<Record<string, string>>;

interface Started {
  readonly service: string;
  readonly child: ChildProcess;
  readonly output: () => string;
}

/** Runs commands in a project whose spans a collector receives. */
export class Shell {
  readonly #project: string;
  readonly #collector: Collector;
  readonly #spansOfRequest: number;
  #runs = 0;

  constructor(project: string, collector: Collector, spansOfRequest: number) {
    this.#project = project;
    this.#collector = collector;
    this.#spansOfRequest = spansOfRequest;
  }

  /** Starts a command in its own process group. */
  start(command: string, variables: Variables = {}): Started {
    const service = `environment ${this.#runs++}`;
    const child = spawn('sh', ['-c', command], {
      cwd: this.#project,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: cleanEnvironment({
        PATH: [dirname(process.execPath), join(this.#project, 'node_modules', '.bin'), process.env.PATH].join(
          ':',
        ),
        OTEL_EXPORTER_OTLP_ENDPOINT: this.#collector.url,
        OTEL_SERVICE_NAME: service,
        OTEL_BSP_SCHEDULE_DELAY: '50',
        PM2_HOME: join(this.#project, 'pm2'),
        TS_NODE_TRANSPILE_ONLY: 'true',
        NO_COLOR: '1',
        ...variables,
      }),
    });
    let output = '';
    for (const stream of [child.stdout!, child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    return { service, child, output: () => output };
  }

  /** Runs a command until it ends; returns its spans as a tree. */
  async run(command: string, variables?: Variables) {
    const { service, child, output } = this.start(command, variables);
    const [code] = await once(child, 'close');
    return { code, output: output(), tree: treeOf(spansOf(this.#collector, service)) };
  }

  /** Runs a command that does not end by itself until the collector has the spans of a request, then stops it. */
  async runUntilTraced(command: string, variables: Variables = {}) {
    const { service, child, output } = this.start(command, variables);
    const spans = () => spansOf(this.#collector, variables.OTEL_SERVICE_NAME ?? service);
    // The two spans of a request may arrive one after the other.
    while (spans().length < this.#spansOfRequest) {
      if (child.exitCode !== null && !command.includes('pm2')) throw new Error(`${command}: ${output()}`);
      await delay(50);
    }
    const tree = treeOf(spans());
    if (child.exitCode === null) {
      process.kill(-child.pid!, 'SIGKILL');
      await once(child, 'close');
    }
    return tree;
  }
}
