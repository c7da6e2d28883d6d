import { Buffer } from 'node:buffer';
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import type { URL } from 'node:url';
import { originals } from '@clew/core/internal';
import { lengthOf } from './otlp-format.ts';

/** The result of one attempt. */
export type PostResult =
  | {
      readonly kind: 'response';
      readonly status: number;
      readonly contentType: string;
      readonly retryAfter: string | undefined;
      readonly body: Buffer;
    }
  | { readonly kind: 'failed'; readonly error: string; readonly staleConnection: boolean };

/** TLS options, as in `node:https`. */
export interface TlsOptions {
  readonly ca?: string | Buffer | readonly (string | Buffer)[];
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
}

const MAX_RESPONSE_BYTES = 65_536;

/** POSTs bodies to one URL over one kept-alive connection. Loads `node:http` on first use. */
export class HttpPost {
  readonly #url: URL;
  readonly #tls: TlsOptions;
  #agent: Agent | undefined;
  #current: ClientRequest | undefined;

  constructor(url: URL, tls: TlsOptions) {
    this.#url = url;
    this.#tls = tls;
  }

  /** Sends the parts of a body. Never rejects. Neither the socket nor the timer keeps the process alive. */
  post(
    body: readonly Uint8Array[],
    headers: Readonly<Record<string, string>>,
    timeoutMs: number,
  ): Promise<PostResult> {
    return new Promise((resolve) => {
      let finished = false;
      const finish = (result: PostResult) => {
        if (finished) return;
        finished = true;
        originals.clearTimeout(timer);
        this.#current = undefined;
        resolve(result);
      };
      const fail = (error: unknown, staleConnection = false) =>
        finish({ kind: 'failed', error: reasonOf(error), staleConnection });
      const timer = originals
        .setTimeout(() => this.#current?.destroy(new Error(`no response within ${timeoutMs} ms`)), timeoutMs)
        .unref();
      try {
        const request = this.#request({ ...headers, 'content-length': String(lengthOf(body)) });
        this.#current = request;
        request.on('socket', (socket) => socket.unref());
        // A response decides the result, whatever happens to the connection afterwards.
        let hasResponse = false;
        request.on('error', (error) => hasResponse || fail(error, request.reusedSocket));
        request.on('response', (response) => {
          hasResponse = true;
          read(response, finish);
        });
        // Node sends everything written in one turn together.
        for (const part of body) request.write(part);
        request.end();
      } catch (error) {
        fail(error);
      }
    });
  }

  /**
   * The file descriptor of an open, idle connection, for a process that cannot wait for its event loop.
   * `undefined` over TLS and on Windows.
   */
  get idleConnection(): number | undefined {
    if (this.#url.protocol === 'https:') return undefined;
    const [socket] = Object.values(this.#agent?.freeSockets ?? {}).flat();
    const descriptor = (socket as { _handle?: { fd?: unknown } } | undefined)?._handle?.fd;
    return typeof descriptor === 'number' && descriptor >= 0 ? descriptor : undefined;
  }

  close(): void {
    this.#current?.destroy(new Error('shut down'));
    this.#agent?.destroy();
  }

  #request(headers: Record<string, string>): ClientRequest {
    const secure = this.#url.protocol === 'https:';
    const options = { method: 'POST', headers };
    const agentOptions = { keepAlive: true, maxSockets: 1, maxFreeSockets: 1 };
    if (secure) {
      const https = process.getBuiltinModule('node:https');
      const { ca, cert, key } = this.#tls;
      const tls = { ...(ca && { ca: ca as string[] }), ...(cert && { cert }), ...(key && { key }) };
      this.#agent ??= new https.Agent({ ...agentOptions, ...tls });
      return https.request(this.#url, { ...options, agent: this.#agent });
    }
    const http = process.getBuiltinModule('node:http');
    this.#agent ??= new http.Agent(agentOptions);
    return http.request(this.#url, { ...options, agent: this.#agent });
  }
}

function read(response: IncomingMessage, finish: (result: PostResult) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  const finishRead = () =>
    finish({
      kind: 'response',
      status: response.statusCode ?? 0,
      contentType: response.headers['content-type'] ?? '',
      retryAfter: response.headers['retry-after'],
      body: Buffer.concat(chunks),
    });
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_RESPONSE_BYTES) {
      chunks.push(chunk);
      return;
    }
    // The status is known, and the rest of the body is not needed.
    finishRead();
    response.destroy();
  });
  response.on('end', finishRead);
  // The rest of the body is lost, but the status decides the outcome of the batch.
  response.on('error', finishRead);
  response.on('close', finishRead);
}

function reasonOf(error: unknown): string {
  // Not `instanceof Error`: in a test environment with its own globals, Node's errors belong to another realm.
  const { code, message } = Object(error) as Partial<NodeJS.ErrnoException>;
  return code ?? message ?? String(error);
}
