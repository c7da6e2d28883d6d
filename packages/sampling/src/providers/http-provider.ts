import type { Provider, ProviderStats } from '../decider.ts';
import type { PolicySet } from '../policy.ts';
import { policyFormat } from './policy-format.ts';
import { PolicyLoader } from './policy-loader.ts';
import { type Exchange, PollLoop, type PollOutcome } from './poll-loop.ts';
import { ProviderCounters } from './provider-counters.ts';
import {
  displayUrl,
  MAX_SET_BYTES,
  type RemoteOptions,
  type ResolvedRemoteOptions,
  resolveRemoteOptions,
} from './provider-options.ts';

/** Where policies are fetched over HTTP. The default interval is 30 s. */
export interface HttpProviderOptions extends RemoteOptions {
  /** URL of the set, http or https. It is JSON or YAML, by the content type of the response. */
  readonly url: string;
}

/** Fetches policies from a URL. If the server sends an ETag, unchanged policies are not sent again. */
export class HttpProvider implements Provider {
  readonly name: string;
  readonly priority = 2;
  readonly #options: ResolvedRemoteOptions;
  readonly #counters: ProviderCounters;
  #loop: PollLoop | undefined;
  #etag: string | undefined;

  /** @throws TypeError for an invalid option */
  constructor(options: HttpProviderOptions) {
    this.#options = resolveRemoteOptions('http', options.url, options, 30_000, ['url']);
    this.name = `http ${displayUrl(this.#options.url)}`;
    this.#counters = new ProviderCounters(this.name);
  }

  start(inForce: (policies: PolicySet, version: string) => void): void {
    if (this.#loop !== undefined) return;
    const loader = new PolicyLoader(this.#counters, inForce);
    this.#loop = new PollLoop({
      counters: this.#counters,
      intervalMs: this.#options.intervalMs,
      poll: (exchange) => this.#poll(exchange, loader),
    });
    this.#loop.start();
  }

  stats(): ProviderStats {
    return this.#counters.stats;
  }

  stop(): void {
    this.#loop?.stop();
  }

  async #poll(exchange: Exchange, loader: PolicyLoader): Promise<PollOutcome> {
    const { url, headers, tls, timeoutMs } = this.#options;
    const condition = this.#etag === undefined ? {} : { 'if-none-match': this.#etag };
    const response = await exchange({
      method: 'GET',
      url,
      headers: { accept: 'application/json, application/yaml', ...headers, ...condition },
      tls,
      timeoutMs,
      maxBytes: MAX_SET_BYTES,
    });
    if (response.kind === 'failed') return response;
    if (response.status === 304) {
      this.#counters.unchanged();
      return { kind: 'done' };
    }
    const { etag, 'content-type': contentType } = response.headers;
    loader.load(response.body.toString(), policyFormat(contentType, url.pathname), etag);
    // Only the ETag of a valid set is remembered. With the one of an invalid set, the failure would count as unchanged.
    this.#etag = etag;
    return { kind: 'done' };
  }
}
