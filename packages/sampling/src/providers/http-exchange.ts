import { Buffer } from 'node:buffer';
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, RequestOptions } from 'node:http';
import type { URL } from 'node:url';
import { originals, show } from '@clew/core/internal';
import { type FailureCause, messageOf } from './provider-counters.ts';

/** TLS options, as in `node:https`. */
export interface TlsOptions {
  /** Certificate authorities to trust instead of Node's, PEM. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[];
  /** Client certificate, PEM. */
  readonly cert?: string | Buffer;
  /** Private key of the client certificate, PEM. */
  readonly key?: string | Buffer;
}

/** A request to a server of rules. */
export interface ExchangeRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly tls: TlsOptions;
  /** For the whole exchange, from the start to the last byte of the response. */
  readonly timeoutMs: number;
  /** The largest response body, before and after its decompression. */
  readonly maxBytes: number;
}

/** A complete response, or why there is no such response. */
export type ExchangeResult = CompleteResponse | ExchangeFailure;

/** A complete response with a success status or 304. */
export interface CompleteResponse {
  readonly kind: 'response';
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Decompressed. */
  readonly body: Buffer;
}

/** An exchange that failed. */
export interface ExchangeFailure {
  readonly kind: 'failed';
  readonly cause: FailureCause;
  readonly detail: string;
  /** How long the server asks to wait, in milliseconds. */
  readonly retryAfterMs?: number;
}

declare const __VERSION__: string;

const USER_AGENT = `clew-sampling/${__VERSION__} node/${process.versions.node}`;
const NOT_MODIFIED = 304;

/**
 * Sends one request on a connection of its own: servers close idle connections long before the next poll. Redirects are
 * not followed, because they could lead the headers, which may hold a secret, to another host.
 */
export class HttpExchange {
  readonly result: Promise<ExchangeResult>;
  #finish!: (result: ExchangeResult) => void;
  #request: ClientRequest | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(request: ExchangeRequest) {
    this.result = new Promise((resolve) => {
      this.#finish = resolve;
    });
    const { timeoutMs } = request;
    this.#timer = originals
      .setTimeout(() => this.#fail('timeout', `no complete response within ${timeoutMs} ms`), timeoutMs)
      .unref();
    try {
      this.#send(request);
    } catch (error) {
      this.#fail('network', messageOf(error));
    }
  }

  /** Ends the exchange without waiting for the response. */
  abort(): void {
    this.#fail('network', 'stopped');
  }

  #send({ method, url, headers, body, tls, maxBytes }: ExchangeRequest): void {
    const length = body === undefined ? {} : { 'content-length': String(body.length) };
    const options: RequestOptions = {
      method,
      headers: { 'user-agent': USER_AGENT, 'accept-encoding': 'gzip', ...headers, ...length },
      agent: false,
    };
    const request =
      url.protocol === 'https:'
        ? process.getBuiltinModule('node:https').request(url, { ...options, ...(tls as { ca?: string }) })
        : process.getBuiltinModule('node:http').request(url, options);
    this.#request = request;
    request.on('socket', (socket) => socket.unref());
    request.on('error', (error) => this.#fail('network', messageOf(error)));
    request.on('response', (response) => this.#receive(response, maxBytes));
    request.end(body);
  }

  #receive(response: IncomingMessage, maxBytes: number): void {
    const { statusCode: status = 0, headers } = response;
    response.on('error', (error) => this.#fail('network', messageOf(error)));
    if (status >= 300 && status < 400 && status !== NOT_MODIFIED) {
      this.#fail('redirect', `responded with a redirect (${status}), which is not followed`);
      return;
    }
    if (status !== NOT_MODIFIED && (status < 200 || status > 299)) {
      this.#fail('status', `responded with ${status}`, retryAfterMs(headers['retry-after']));
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    if (Number(headers['content-length']) > maxBytes) {
      this.#failTooLarge(maxBytes);
      return;
    }
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) this.#failTooLarge(maxBytes);
      else chunks.push(chunk);
    });
    response.on('end', () => {
      if (response.complete)
        this.#decode({ kind: 'response', status, headers, body: Buffer.concat(chunks) }, maxBytes);
    });
    response.on('close', () => {
      if (!response.complete) this.#fail('network', 'the connection was closed within the response');
    });
  }

  #decode(response: CompleteResponse, maxBytes: number): void {
    const { 'content-encoding': encoding = 'identity' } = response.headers;
    if (encoding === 'identity' || response.body.length === 0) {
      this.#end(response);
      return;
    }
    if (encoding !== 'gzip') {
      this.#fail('invalid', `responded with the content encoding ${show(encoding)}, which was not requested`);
      return;
    }
    const done = (error: Error | null, body: Buffer) => {
      if (error === null) this.#end({ ...response, body });
      else if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') this.#failTooLarge(maxBytes);
      else this.#fail('invalid', messageOf(error));
    };
    process.getBuiltinModule('node:zlib').gunzip(response.body, { maxOutputLength: maxBytes }, done);
  }

  #failTooLarge(maxBytes: number): void {
    this.#fail('tooLarge', `responded with more than ${maxBytes} bytes`);
  }

  #fail(cause: FailureCause, detail: string, waitMs?: number): void {
    this.#end({ kind: 'failed', cause, detail, ...(waitMs !== undefined && { retryAfterMs: waitMs }) });
    this.#request?.destroy();
  }

  /** The first result counts. */
  #end(result: ExchangeResult): void {
    originals.clearTimeout(this.#timer);
    this.#finish(result);
  }
}

/** The seconds of a `Retry-After` header in milliseconds; `undefined` for a date, which needs the server's clock. */
function retryAfterMs(header: string | undefined): number | undefined {
  const text = header?.trim() ?? '';
  return /^\d{1,6}$/.test(text) ? Number(text) * 1000 : undefined;
}
