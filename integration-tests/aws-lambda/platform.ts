import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { on, once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { listenOn } from '@clew/testing';
import { cleanEnvironment } from '../run-program.ts';

export interface FunctionOptions {
  /** `esmodule.respond`. */
  readonly handler: string;
  readonly variables?: Readonly<Record<string, string>>;
  /** The generation of the runtime: 3 for Node.js 22, 4 for Node.js 24. */
  readonly generation?: 3 | 4;
  /** The command that starts the runtime; default with the preload flag in `NODE_OPTIONS`. */
  readonly wrapper?: string;
  readonly folder?: string;
  readonly node?: string;
}

export interface InvokeOptions {
  readonly timeoutMs?: number;
  /** How long after its time limit the process is killed; default 0. */
  readonly killAfterMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Outcome {
  readonly kind: 'response' | 'error' | 'timeout' | 'exit';
  readonly body: string;
  readonly durationMs: number;
}

/** A function of AWS Lambda in a process of its own, which is frozen between invocations and killed at its time limit. */
export interface LambdaFunction {
  invoke(event: unknown, options?: InvokeOptions): Promise<Outcome>;
  /** Resolves when the runtime asks for the next event, after which the process is frozen. */
  idle(): Promise<void>;
  readonly process: ChildProcess;
  /** Resolves when the process has printed a text to its standard output, or has ended. */
  printed(expected: string): Promise<void>;
  readonly output: () => { readonly stdout: string; readonly stderr: string };
  stop(): Promise<void>;
}

export const ARN = 'arn:aws:lambda:eu-north-1:000000000000:function:orders:live';
const programs = join(__dirname, 'programs');
/**
 * The runtimes: small ones, because AWS's own (`aws-lambda-ric`) compile C++ when they are installed. Where they have
 * been built, the variables name their main files, and the same tests run with them.
 */
const { AWS_LAMBDA_RIC_3, AWS_LAMBDA_RIC_4 } = process.env;
const RUNTIMES = { 3: AWS_LAMBDA_RIC_3, 4: AWS_LAMBDA_RIC_4 };

interface Pending {
  readonly id: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly settle: (kind: Outcome['kind'], body: string) => void;
}

/** Starts a function, and the interface through which its runtime gets invocations. */
export async function startFunction(options: FunctionOptions): Promise<LambdaFunction> {
  const { handler, generation = 4, folder = programs, variables = {}, wrapper, node } = options;
  let waiting: ServerResponse | undefined;
  let isTimedOut = false;
  let current: Pending | undefined;
  let onIdle = Promise.withResolvers<void>();
  const deliver = () => {
    if (waiting === undefined || current === undefined) return;
    waiting.writeHead(200, { 'lambda-runtime-aws-request-id': current.id, ...current.headers });
    waiting.end(current.body);
    waiting = undefined;
  };
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const [, , , ...path] = request.url!.split('/');
    if (path[1] === 'next') {
      waiting = response;
      // The platform freezes the process as soon as it asks for the next event.
      if (current === undefined) {
        child.kill('SIGSTOP');
        onIdle.resolve();
      }
      deliver();
      return;
    }
    const body = await text(request);
    const settle = current?.settle;
    current = undefined;
    response.writeHead(202).end();
    settle?.(path.at(-1) === 'response' ? 'response' : 'error', body);
  };
  const api = await listenOn(createServer((request, response) => void answer(request, response)));
  const runtime = RUNTIMES[generation] ?? join(programs, 'runtime.mjs');
  const command = [node ?? process.execPath, runtime];
  const [executable, ...args] = wrapper === undefined ? command : [wrapper, ...command];
  const child = spawn(executable!, args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: cleanEnvironment({
      NODE_NO_WARNINGS: '1',
      // More than the default: a receiver on a busy machine takes seconds.
      CLEW_AWS_LAMBDA_FLUSH_TIMEOUT_MS: '30000',
      AWS_LAMBDA_RUNTIME_API: api.url.replace('http://', ''),
      AWS_LAMBDA_FUNCTION_NAME: 'orders',
      AWS_LAMBDA_FUNCTION_VERSION: '7',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/orders',
      AWS_LAMBDA_LOG_STREAM_NAME: '2026/11/27/[7]8d1',
      AWS_REGION: 'eu-north-1',
      LAMBDA_TASK_ROOT: folder,
      _HANDLER: handler,
      RUNTIME_GENERATION: String(generation),
      ...variables,
    }),
  });
  const closed = once(child, 'close');
  const [stdout, stderr] = [collect(child.stdout!), collect(child.stderr!)];
  child.on('exit', () =>
    isTimedOut
      ? current?.settle('timeout', '')
      : current?.settle('exit', `${child.exitCode ?? child.signalCode}`),
  );

  return {
    process: child,
    idle: () => onIdle.promise,
    async printed(expected) {
      for await (const _ of on(child.stdout!, 'data', { close: ['end'] }))
        if (stdout().includes(expected)) return;
    },
    output: () => ({ stdout: stdout(), stderr: stderr() }),
    invoke(event, { timeoutMs = 60_000, killAfterMs = 0, headers = {} } = {}) {
      const startedAt = performance.now();
      const { promise, resolve } = Promise.withResolvers<Outcome>();
      const timer = setTimeout(() => {
        isTimedOut = true;
        child.kill('SIGKILL');
      }, timeoutMs + killAfterMs);
      const settle = (kind: Outcome['kind'], body: string) => {
        clearTimeout(timer);
        current = undefined;
        resolve({ kind, body, durationMs: performance.now() - startedAt });
      };
      current = {
        id: randomUUID(),
        body: JSON.stringify(event),
        headers: {
          'content-type': 'application/json',
          'lambda-runtime-deadline-ms': String(Date.now() + timeoutMs),
          'lambda-runtime-invoked-function-arn': ARN,
          ...headers,
        },
        settle,
      };
      onIdle = Promise.withResolvers();
      child.kill('SIGCONT');
      deliver();
      return promise;
    },
    async stop() {
      child.kill('SIGKILL');
      await closed;
      await api.close();
    },
  };
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let all = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    all += chunk;
  });
  return () => all;
}
