import { Buffer } from 'node:buffer';
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import type { URL } from 'node:url';
import { originals } from '@clew/core/internal';
import { lengthOf } from './otlp-format.ts';

/** What came back from one attempt. */
export type Answer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly contentType: string;
      readonly retryAfter: string | undefined;
      readonly body: Buffer;
    }
  | { readonly kind: 'failed'; readonly error: string; readonly staleConnection: boolean };

/** Keys of TLS, as `node:https` takes them. */
export interface TlsOptions {
  readonly ca?: string | Buffer | readonly (string | Buffer)[];
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
}

const MAX_ANSWER_BYTES = 65_536;

/** POSTs bodies to one address over one connection that is kept alive. `node:http` is loaded by the first. */
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
  ): Promise<Answer> {
    return new Promise((resolve) => {
      let settled = false;
      const settle = (answer: Answer) => {
        if (settled) return;
        settled = true;
        originals.clearTimeout(timer);
        this.#current = undefined;
        resolve(answer);
      };
      const fail = (error: unknown, staleConnection = false) =>
        settle({ kind: 'failed', error: text(error), staleConnection });
      const timer = originals
        .setTimeout(() => this.#current?.destroy(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs)
        .unref();
      try {
        const request = this.#request({ ...headers, 'content-length': String(lengthOf(body)) });
        this.#current = request;
        request.on('socket', (socket) => socket.unref());
        // Once there is an answer it decides, whatever happens to the connection.
        let answered = false;
        request.on('error', (error) => answered || fail(error, request.reusedSocket));
        request.on('response', (response) => {
          answered = true;
          read(response, settle);
        });
        // Node writes all that is written in one turn at once.
        for (const part of body) request.write(part);
        request.end();
      } catch (error) {
        fail(error);
      }
    });
  }

  /**
   * The descriptor of a connection that is open and idle, for a process that can't wait for its event loop. There is
   * none over TLS, and none on Windows.
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

function read(response: IncomingMessage, settle: (answer: Answer) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  const answer = () =>
    settle({
      kind: 'answered',
      status: response.statusCode ?? 0,
      contentType: response.headers['content-type'] ?? '',
      retryAfter: response.headers['retry-after'],
      body: Buffer.concat(chunks),
    });
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_ANSWER_BYTES) {
      chunks.push(chunk);
      return;
    }
    // The status is known, and nobody needs the rest.
    answer();
    response.destroy();
  });
  response.on('end', answer);
  // The rest of the answer is lost, but the status says what became of the batch.
  response.on('error', answer);
  response.on('close', answer);
}

function text(error: unknown): string {
  // Not `instanceof Error`: in a test environment with globals of its own, Node's errors are of another realm.
  const { code, message } = Object(error) as Partial<NodeJS.ErrnoException>;
  return code ?? message ?? String(error);
}
