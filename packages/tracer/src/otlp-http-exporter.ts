import { Buffer } from 'node:buffer';
import { originals } from '@clew/core/internal';
import type { BatchSender, Outcome } from './batch-sender.ts';
import type { ResolvedExporterOptions } from './exporter-options.ts';
import { type Answer, HttpPost, type TlsOptions } from './http-post.ts';
import { partialSuccessOf } from './otlp-response.ts';
import { VERSION } from './resource.ts';
import { isRetryable, type Wait, waitBefore } from './retry.ts';
import type { Counters } from './stats.ts';

/** Encoded batches that were not sent, and where they were to go. */
export interface UnsentSpans {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsOptions;
  readonly bodies: readonly Buffer[];
  /** How many spans are in the bodies. */
  readonly spans: number;
  /** The descriptor of an open HTTP connection to the receiver that is idle, if there is one. */
  readonly connection: number | undefined;
}

const SHUT_DOWN: Outcome = { cause: 'shutdown', detail: 'not sent in time' };

/**
 * Sends batches as OTLP over HTTP prescribes.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
export class OtlpHttpExporter implements BatchSender {
  readonly #options: ResolvedExporterOptions;
  readonly #counters: Counters;
  readonly #http: HttpPost;
  readonly #headers: Readonly<Record<string, string>>;
  #wake: (() => void) | undefined;
  #closed = false;
  #lastChance = false;

  constructor(options: ResolvedExporterOptions, contentType: string, counters: Counters) {
    this.#options = options;
    this.#counters = counters;
    this.#http = new HttpPost(options.url, options.tls);
    this.#headers = {
      'user-agent': `clew-otlp/${VERSION} node/${process.versions.node}`,
      ...options.headers,
      'content-type': contentType,
    };
  }

  /** What it takes to post a batch from elsewhere. */
  get address(): Omit<UnsentSpans, 'bodies' | 'spans'> {
    const { url, tls } = this.#options;
    return { url: url.href, headers: this.#headers, tls, connection: this.#http.idleConnection };
  }

  async send(body: readonly Uint8Array[]): Promise<Outcome> {
    const { compression, timeoutMs, retryForMs, retryDelayMs } = this.#options;
    const zipped = compression === 'gzip';
    const payload = zipped ? [await gzip(Buffer.concat(body))] : body;
    const headers = zipped ? { ...this.#headers, 'content-encoding': 'gzip' } : this.#headers;
    const startedAt = originals.monotonicNow();
    for (let attempt = 0; ; attempt++) {
      if (this.#closed) return SHUT_DOWN;
      const answer = await this.#http.post(payload, headers, timeoutMs);
      if (answer.kind === 'answered' && !isRetryable(answer.status)) return outcomeOf(answer);
      if (this.#closed) return SHUT_DOWN;
      // An idle connection that the receiver had closed says nothing about the receiver: one attempt more, at once.
      const stale = answer.kind === 'failed' && answer.staleConnection && attempt === 0;
      const retryAfter = answer.kind === 'failed' ? undefined : answer.retryAfter;
      const wait = waitBefore(attempt, retryDelayMs, retryAfter, originals.wallNow());
      const waitMs = stale ? 0 : wait.ms;
      const isHopeless = this.#lastChance && answer.kind === 'failed' && !stale;
      if (isHopeless || originals.monotonicNow() - startedAt + waitMs > retryForMs) {
        return {
          cause: 'retriesExhausted',
          detail: `${this.#target()} ${reason(answer)}, tried ${attempt + 1} times`,
        };
      }
      this.#counters.retries++;
      this.#counters.warn('retry', () => `${this.#target()} ${reason(answer)}, will try again`);
      if (!stale) await this.#wait(wait);
    }
  }

  hurry(lastChance: boolean): void {
    this.#lastChance = lastChance;
    this.#wake?.();
  }

  close(): void {
    this.#closed = true;
    this.#http.close();
    this.#wake?.();
  }

  /** Waits; `hurry` shortens the wait to `leastMs`, `close` ends it. */
  #wait({ ms, leastMs }: Wait): Promise<void> {
    const startedAt = originals.monotonicNow();
    return new Promise((resolve) => {
      const wake = () => {
        originals.clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      let timer = originals.setTimeout(wake, ms).unref();
      this.#wake = () => {
        const leftMs = leastMs - (originals.monotonicNow() - startedAt);
        if (leftMs <= 0 || this.#closed) {
          wake();
          return;
        }
        originals.clearTimeout(timer);
        timer = originals.setTimeout(wake, leftMs).unref();
      };
    });
  }

  /** The address without a user's name, password and query. */
  #target(): string {
    return `${this.#options.url.origin}${this.#options.url.pathname}`;
  }
}

function outcomeOf(answer: Answer & { kind: 'answered' }): Outcome {
  if (answer.status < 200 || answer.status > 299) {
    return { cause: 'rejected', detail: `the receiver ${reason(answer)}` };
  }
  const { rejectedSpans, message } = partialSuccessOf(answer.contentType, answer.body);
  return { rejectedSpans, detail: message };
}

function reason(answer: Answer): string {
  return answer.kind === 'failed' ? `could not be reached (${answer.error})` : `answered ${answer.status}`;
}

function gzip(body: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    process
      .getBuiltinModule('node:zlib')
      .gzip(body, (error, zipped) => (error ? reject(error) : resolve(zipped)));
  });
}
