import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Where a trace stands with a peer. */
export interface PeerIds {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
  readonly debug?: boolean;
  readonly baggage?: Readonly<Record<string, string>>;
  /** Datadog's. */
  readonly origin?: string;
  readonly dm?: string;
}

/** A trace that a peer began, and what it sends on. */
export interface Begun {
  readonly at: PeerIds;
  readonly headers: Readonly<Record<string, string>>;
}

/** A trace that a peer went on with: what it read, where it stands, and what it sends on. */
export interface GoneOn extends Begun {
  readonly came: PeerIds;
}

/** A peer in a process of its own: tracers patch what they find, and keep timers. */
export class PeerProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: { result?: unknown; error?: string }) => void>();
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
      for (const answer of this.#waiting.values()) answer({ error: `exit ${code}: ${this.#stderr}` });
    });
  }

  static async start(name: string): Promise<PeerProcess> {
    const peer = new PeerProcess(name);
    const ready = await Promise.race([once(peer.#child, 'message'), once(peer.#child, 'exit')]);
    if (peer.#child.exitCode !== null) throw new Error(`${name}: exit ${ready[0]}: ${peer.#stderr}`);
    return peer;
  }

  begin(given: { sampled: boolean; origin?: string }): Promise<Begun> {
    return this.#ask('begin', given);
  }

  goOn(given: { headers: Readonly<Record<string, string>> }): Promise<GoneOn> {
    return this.#ask('goOn', given);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill();
    await gone;
  }

  #ask<T>(operation: string, given: unknown): Promise<T> {
    const number = ++this.#number;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, ({ result, error }) => {
        this.#waiting.delete(number);
        if (error === undefined) resolve(result as T);
        else reject(new Error(error));
      });
      this.#child.send({ number, operation, given });
    });
  }
}
