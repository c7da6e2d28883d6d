import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { signed, text } from '../../packages/osprofiler/test/golden-rows.ts';
import { startProgram } from '../run-program.ts';

/** The ids of a caller. */
export interface CallerIds {
  readonly base_id: string;
  readonly parent_id: string;
}

export interface TracedServiceOptions {
  /** The store of the points. */
  readonly points: string;
  /** A request that it sends for each request. */
  readonly upstream?: { readonly url: string } & RequestInit;
  /** Default: the one of this folder. */
  readonly file?: string;
  readonly variables?: Readonly<Record<string, string>>;
}

/** A running service, traced with the preload flag and environment variables only. */
export class TracedService {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #errors: Promise<string>;

  private constructor(child: ChildProcess, url: string, errors: Promise<string>) {
    this.#child = child;
    this.url = url;
    this.#errors = errors;
  }

  static async start({ points, upstream, file, variables }: TracedServiceOptions): Promise<TracedService> {
    const child = startProgram(
      ['--no-warnings', '--import', '@clew/node/register', file ?? join(__dirname, 'service.mjs')],
      {
        cwd: __dirname,
        variables: {
          OTEL_SERVICE_NAME: 'api',
          OTEL_TRACES_EXPORTER: 'none',
          OTEL_PROPAGATORS: 'osprofiler,tracecontext',
          CLEW_OSPROFILER_HMAC_KEYS: 'SECRET_KEY',
          CLEW_OSPROFILER_POINTS: points,
          CLEW_OSPROFILER_PROJECT: 'music',
          ...(upstream && { UPSTREAM: JSON.stringify(upstream) }),
          ...variables,
        },
      },
    );
    const errors = textOf(child.stderr!);
    const [line] = await Promise.race([
      once(child.stdout!, 'data'),
      once(child, 'exit').then(async () => {
        throw new Error(`the service did not start: ${await errors}`);
      }),
    ]);
    return new TracedService(child, String(line).trim(), errors);
  }

  /** Sends a request in the trace of a caller, or without a trace. Returns the status and the body. */
  async get(path: string, ids?: CallerIds): Promise<{ readonly status: number; readonly body: string }> {
    const response = await fetch(this.url + path, ids && { headers: signed(text(ids)) });
    return { status: response.status, body: await response.text() };
  }

  /** Lets the service end by itself. Returns what it logged, and its exit code. */
  async stop(): Promise<{ readonly code: number | null; readonly stderr: string }> {
    this.#child.stdin?.end();
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
    return { code: this.#child.exitCode, stderr: await this.#errors };
  }
}
