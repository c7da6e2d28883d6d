import { once } from 'node:events';
import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { type Ended, runProgram, startProgram } from '../run-program.ts';

type Span = NonNullable<ReturnType<Collector['store']['trace']>>['spans'][number];

const CLI = join(__dirname, '..', '..', 'packages', 'viewer', 'dist', 'cli.js');

/** An address without a collector. */
export const NO_COLLECTOR = 'http://127.0.0.1:1';

/** Runs `clew` until it exits, by default in this folder. */
export function clew(args: readonly string[], cwd = __dirname): Promise<Ended> {
  return runProgram([CLI, ...args], { cwd });
}

/** A collector that reports the spans that it stores. */
export interface Receiver {
  readonly url: string;
  spans(): readonly Span[];
  /** Resolves when there is a span with this name; rejects after a minute. */
  received(name: string): Promise<void>;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const spans: Span[] = [];
  let onSpans = () => {};
  const collector = await startCollector({
    port: 0,
    onSpans(stored) {
      spans.push(...stored);
      onSpans();
    },
  });
  return {
    url: collector.url,
    spans: () => spans,
    received: (name) =>
      new Promise((resolve, reject) => {
        const timeout = setTimeout(() => reject(new Error(`no span ${name}`)), 60_000);
        onSpans = () => {
          if (!spans.some((span) => span.name === name)) return;
          clearTimeout(timeout);
          resolve();
        };
        onSpans();
      }),
    close: () => collector.close(),
  };
}

/** A running `clew import --follow`. */
export interface Follower {
  /** Resolves to the output. */
  readonly ended: Promise<Ended>;
  /** Sends a signal; resolves to the output. */
  end(signal: NodeJS.Signals): Promise<Ended>;
}

/** Resolves when it follows. */
export async function follow(args: readonly string[]): Promise<Follower> {
  const child = startProgram([CLI, 'import', ...args, '--follow'], { cwd: __dirname });
  let [stdout, stderr] = ['', ''];
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, stdout, stderr }));
  const started = new Promise<void>((resolve) => {
    child.stdout?.on('data', (chunk) => {
      stdout += chunk;
      if (stdout.includes('\n')) resolve();
    });
  });
  await Promise.race([
    started,
    ended.then(() => {
      throw new Error(stderr);
    }),
  ]);
  return {
    ended,
    end(signal) {
      child.kill(signal);
      return ended;
    },
  };
}
