import { Buffer } from 'node:buffer';
import { originals } from '@clew/core/internal';
import type { BatchSender, Outcome } from './batch-sender.ts';
import type { ResolvedExporterOptions } from './exporter-options.ts';
import { HttpPost, type PostResult, type TlsOptions } from './http-post.ts';
import { partialSuccessOf } from './otlp-response.ts';
import { VERSION } from './resource.ts';
import { isRetryable, type Wait, waitBefore } from './retry.ts';
import type { Counters } from './stats.ts';

/** Encoded batches that were not sent, and their destination. */
export interface UnsentSpans {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsOptions;
  readonly bodies: readonly Buffer[];
  /** The number of spans in the bodies. */
  readonly spans: number;
  /** The file descriptor of an open, idle HTTP connection to the receiver, if there is one. */
  readonly connection: number | undefined;
}

const SHUT_DOWN: Outcome = { cause: 'shutdown', detail: 'not sent in time' };

/**
 * Sends batches according to OTLP/HTTP.
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

  /** What another sender needs to post a batch. */
  get address(): Omit<UnsentSpans, 'bodies' | 'spans'> {
    const { url, tls } = this.#options;
    return { url: url.href, headers: this.#headers, tls, connection: this.#http.idleConnection };
  }

  async send(body: readonly Uint8Array[]): Promise<Outcome> {
    const { compression, timeoutMs, retryForMs, retryDelayMs } = this.#options;
    const gzipped = compression === 'gzip';
    const payload = gzipped ? [await gzip(Buffer.concat(body))] : body;
    const headers = gzipped ? { ...this.#headers, 'content-encoding': 'gzip' } : this.#headers;
    const startedAt = originals.monotonicNow();
    for (let attempt = 0; ; attempt++) {
      if (this.#closed) return SHUT_DOWN;
      const result = await this.#http.post(payload, headers, timeoutMs);
      if (result.kind === 'response' && !isRetryable(result.status)) return outcomeOf(result);
      if (this.#closed) return SHUT_DOWN;
      // The receiver may have closed an idle connection without being down: retry once, immediately.
      const stale = result.kind === 'failed' && result.staleConnection && attempt === 0;
      const retryAfter = result.kind === 'failed' ? undefined : result.retryAfter;
      const wait = waitBefore(attempt, retryDelayMs, retryAfter, originals.wallNow());
      const waitMs = stale ? 0 : wait.ms;
      const isHopeless = this.#lastChance && result.kind === 'failed' && !stale;
      if (isHopeless || originals.monotonicNow() - startedAt + waitMs > retryForMs) {
        return {
          cause: 'retriesExhausted',
          detail: `${this.#target()} ${reason(result)}, tried ${attempt + 1} times`,
        };
      }
      this.#counters.retries++;
      if (stale) continue;
      this.#counters.warn('retry', () => `${this.#target()} ${reason(result)}, retrying`);
      await this.#wait(wait);
    }
  }

  retryNow(lastChance: boolean): void {
    this.#lastChance = lastChance;
    this.#wake?.();
  }

  close(): void {
    this.#closed = true;
    this.#http.close();
    this.#wake?.();
  }

  /** Waits `ms`; `retryNow` shortens the wait to `minMs`, `close` ends it. */
  #wait({ ms, minMs }: Wait): Promise<void> {
    const startedAt = originals.monotonicNow();
    return new Promise((resolve) => {
      const wake = () => {
        originals.clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      let timer = originals.setTimeout(wake, ms).unref();
      this.#wake = () => {
        const leftMs = minMs - (originals.monotonicNow() - startedAt);
        if (leftMs <= 0 || this.#closed) {
          wake();
          return;
        }
        originals.clearTimeout(timer);
        timer = originals.setTimeout(wake, leftMs).unref();
      };
    });
  }

  /** The URL without credentials and query. */
  #target(): string {
    return `${this.#options.url.origin}${this.#options.url.pathname}`;
  }
}

function outcomeOf(result: PostResult & { kind: 'response' }): Outcome {
  if (result.status < 200 || result.status > 299) {
    return { cause: 'rejected', detail: `the receiver ${reason(result)}` };
  }
  const { rejectedSpans, message } = partialSuccessOf(result.contentType, result.body);
  return { rejectedSpans, detail: message };
}

function reason(result: PostResult): string {
  return result.kind === 'failed'
    ? `could not be reached (${result.error})`
    : `responded with ${result.status}`;
}

function gzip(body: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    process
      .getBuiltinModule('node:zlib')
      .gzip(body, (error, gzipped) => (error ? reject(error) : resolve(gzipped)));
  });
}
