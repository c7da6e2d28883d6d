import { createSocket } from 'node:dgram';
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { TreeSpan } from '../span-tree.ts';

interface JaegerSpan {
  readonly traceIdHigh: Buffer;
  readonly traceIdLow: Buffer;
  readonly spanId: Buffer;
  readonly parentSpanId: Buffer;
  readonly operationName: string;
  readonly flags: number;
  readonly tags: readonly { readonly key: string; readonly vStr: string | null }[];
}
interface Batch {
  readonly spans: readonly JaegerSpan[];
}
interface Decoded<T> {
  readonly err?: Error | null | undefined;
  readonly value: T;
}
interface Definitions {
  readonly Agent: {
    readonly emitBatch: {
      readonly argumentsMessageRW: {
        readFrom(bytes: Buffer, offset: number): Decoded<{ readonly body: { readonly batch: Batch } }>;
      };
    };
  };
  readonly modules: {
    readonly jaeger: {
      readonly Batch: { readonly rw: { readFrom(bytes: Buffer, at: number): Decoded<Batch> } };
    };
  };
}

/** A span that jaeger-client has reported. */
export interface ReportedSpan extends TreeSpan {
  readonly flags: number;
}

/** Receives spans in the formats of Jaeger's collector (Thrift over HTTP) and of its agent (Thrift over UDP). */
export class JaegerBackend {
  readonly spans: ReportedSpan[] = [];
  readonly #arrivals = new EventEmitter();
  readonly #thrift = definitions();
  readonly #collector = createServer(async (request, response) => {
    this.#add(this.#thrift.modules.jaeger.Batch.rw.readFrom(await buffer(request), 0));
    response.writeHead(202).end();
  });
  readonly #agent = createSocket('udp4', (bytes) => {
    const { err, value } = this.#thrift.Agent.emitBatch.argumentsMessageRW.readFrom(bytes, 0);
    this.#add({ err, value: value.body.batch });
  });

  static async start(): Promise<JaegerBackend> {
    const backend = new JaegerBackend();
    backend.#collector.listen(0, '127.0.0.1');
    backend.#agent.bind(0, '127.0.0.1');
    await Promise.all([once(backend.#collector, 'listening'), once(backend.#agent, 'listening')]);
    return backend;
  }

  get collectorEndpoint(): string {
    return `http://127.0.0.1:${(this.#collector.address() as AddressInfo).port}/api/traces`;
  }

  get agentPort(): number {
    return this.#agent.address().port;
  }

  /** Resolves when this many spans have arrived: those sent over UDP may arrive after their sender has exited. */
  async until(count: number): Promise<void> {
    while (this.spans.length < count) await once(this.#arrivals, 'spans');
  }

  close(): void {
    this.#agent.close();
    this.#collector.close();
    this.#collector.closeAllConnections();
  }

  #add({ err, value }: Decoded<Batch>): void {
    if (err) throw err;
    this.spans.push(...value.spans.map(spanIn));
    this.#arrivals.emit('spans');
  }
}

function definitions(): Definitions {
  // The copy of thriftrw and the files that jaeger-client encodes spans with.
  const main = require.resolve('jaeger-client');
  const { Thrift } = createRequire(main)('thriftrw');
  return new Thrift({
    entryPoint: join(dirname(main), 'thriftrw-idl', 'agent.thrift'),
    allowFilesystemAccess: true,
    allowOptionalArguments: true,
  });
}

function spanIn(span: JaegerSpan): ReportedSpan {
  const parentSpanId = span.parentSpanId.toString('hex');
  const kind = span.tags.find(({ key }) => key === 'span.kind')?.vStr ?? 'internal';
  return {
    traceId: span.traceIdHigh.toString('hex') + span.traceIdLow.toString('hex'),
    spanId: span.spanId.toString('hex'),
    ...(parentSpanId !== '0'.repeat(16) && { parentSpanId }),
    kind: kind.toUpperCase(),
    name: span.operationName,
    flags: span.flags,
  };
}
