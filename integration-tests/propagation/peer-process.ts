import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** The ids of a span, as a peer reports them. */
export interface PeerIds {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
  readonly debug?: boolean;
  readonly baggage?: Readonly<Record<string, string>>;
  /** Only Datadog's tracer reports `origin` and `dm`. */
  readonly origin?: string;
  readonly dm?: string;
}

/** A span that a peer started, and the headers of a request that it sends in this span. */
export interface PeerSpan {
  readonly span: PeerIds;
  readonly headers: Readonly<Record<string, string>>;
}

/** A trace that a peer continued: the ids that it read from the headers, and its own span. */
export interface ContinuedTrace extends PeerSpan {
  readonly received: PeerIds;
}

/** A peer in its own process, because tracers patch global modules and keep timers running. */
export class PeerProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (response: { result?: unknown; error?: string }) => void>();
  #number = 0;
  #stderr = '';

  private constructor(name: string) {
    const stdio = ['ignore', 'ignore', 'pipe', 'ipc'] as const;
    this.#child = fork(join(__dirname, 'peers', 'serve.mjs'), [name], { execArgv: [], stdio: [...stdio] });
    this.#child.stderr?.on('data', (text) => {
      this.#stderr += text;
    });
    this.#child.on('message', (message: { number?: number; result?: unknown; error?: string }) => {
      if (message.number !== undefined) this.#waiting.get(message.number)?.(message);
    });
    this.#child.once('exit', (code) => {
      for (const respond of this.#waiting.values()) respond({ error: `exit ${code}: ${this.#stderr}` });
    });
  }

  static async start(name: string): Promise<PeerProcess> {
    const peer = new PeerProcess(name);
    const ready = await Promise.race([once(peer.#child, 'message'), once(peer.#child, 'exit')]);
    if (peer.#child.exitCode !== null) throw new Error(`${name}: exit ${ready[0]}: ${peer.#stderr}`);
    return peer;
  }

  startTrace(input: { sampled: boolean; origin?: string }): Promise<PeerSpan> {
    return this.#call('startTrace', input);
  }

  continueTrace(input: { headers: Readonly<Record<string, string>> }): Promise<ContinuedTrace> {
    return this.#call('continueTrace', input);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill();
    await exited;
  }

  #call<T>(operation: string, input: unknown): Promise<T> {
    const number = ++this.#number;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, ({ result, error }) => {
        this.#waiting.delete(number);
        if (error === undefined) resolve(result as T);
        else reject(new Error(error));
      });
      this.#child.send({ number, operation, input });
    });
  }
}
