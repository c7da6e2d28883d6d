import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Document } from 'bson';
import { CommandError } from './mongodb-matching.ts';
import { Store } from './mongodb-store.ts';
import { type Request, readRequest, replyTo } from './mongodb-wire.ts';

/** What happens to a command instead of, or before, its execution. */
export type Fault =
  /** The reply is this one; nothing is executed. */
  | { readonly reply: Document }
  /** The reply has these members in addition, such as a `writeConcernError`. */
  | { readonly add: Document }
  | { readonly delayMs: number }
  /** The connection is closed without a reply. */
  | { readonly cut: true }
  /** There is no reply, and the connection stays open. */
  | { readonly hang: true };

/** A command that the server received, and the number of its connection. */
export interface ReceivedCommand {
  readonly name: string;
  readonly connection: number;
  readonly command: Document;
}

const HANDSHAKE = new Set(['hello', 'ismaster', 'isMaster']);

/**
 * A server that speaks MongoDB's wire protocol (OP_MSG, and OP_QUERY for the handshake), over collections in memory. It
 * is a replica set with one member, so that drivers use sessions, transactions and change streams.
 */
export class MongoServer {
  /** All commands except the handshake. */
  readonly received: ReceivedCommand[] = [];
  readonly #server: Server;
  readonly #store = new Store();
  readonly #sockets = new Set<Socket>();
  readonly #awaited: { readonly name: string; readonly resolve: () => void }[] = [];
  readonly #faults: { readonly name: string; readonly fault: Fault; times: number }[] = [];
  #connections = 0;

  private constructor() {
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Starts a server on the port, by default any free one. */
  static async start(port = 0): Promise<MongoServer> {
    const server = new MongoServer();
    server.#server.listen(port, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `mongodb://localhost:${this.port}/shop`;
  }

  /** Applies the fault to the next `times` commands of this name, by default one. */
  fault(name: string, fault: Fault, times = 1): void {
    this.#faults.push({ name, fault, times });
  }

  /** Lets the next `times` commands of this name fail. */
  fail(name: string, code: number, codeName: string, errmsg: string, more: Document = {}, times = 1): void {
    this.fault(name, { reply: { ok: 0, code, codeName, errmsg, ...more } }, times);
  }

  /** The names of the received commands. */
  get names(): string[] {
    return this.received.map(({ name }) => name);
  }

  /** Waits until the server has received a command of this name. */
  async receives(name: string): Promise<void> {
    if (this.names.includes(name)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#awaited.push({ name, resolve });
    await promise;
  }

  async stop(): Promise<void> {
    this.#store.close();
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    const connection = ++this.#connections;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    // A driver that is closed resets its connections.
    socket.on('error', () => socket.destroy());
    let received: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      for (let next = readRequest(received); next !== undefined; next = readRequest(received)) {
        received = next.rest;
        void this.#serve(socket, connection, next.request);
      }
    });
  }

  async #serve(socket: Socket, connection: number, request: Request): Promise<void> {
    const [name = ''] = Object.keys(request.command);
    const isHandshake = HANDSHAKE.has(name);
    if (!isHandshake) this.received.push({ name, connection, command: request.command });
    for (const awaited of this.#awaited) if (awaited.name === name) awaited.resolve();
    const fault = this.#takeFault(name);
    if (fault !== undefined && 'hang' in fault) return;
    if (fault !== undefined && 'cut' in fault) {
      socket.destroy();
      return;
    }
    if (fault !== undefined && 'delayMs' in fault)
      await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
    const reply =
      fault !== undefined && 'reply' in fault
        ? fault.reply
        : isHandshake
          ? this.#hello(connection)
          : await this.#run(name, request.command);
    const added = fault !== undefined && 'add' in fault ? fault.add : undefined;
    if (!request.moreToCome && !socket.destroyed) socket.write(replyTo(request, { ...reply, ...added }));
  }

  #takeFault(name: string): Fault | undefined {
    const index = this.#faults.findIndex((each) => each.name === name);
    const found = this.#faults[index];
    if (found !== undefined && --found.times <= 0) this.#faults.splice(index, 1);
    return found?.fault;
  }

  async #run(name: string, command: Document): Promise<Document> {
    try {
      return await this.#store.run(name, command);
    } catch (error) {
      if (error instanceof CommandError) return error.reply;
      return { ok: 0, code: 2, codeName: 'BadValue', errmsg: String(error) };
    }
  }

  #hello(connectionId: number): Document {
    const me = `localhost:${this.port}`;
    return {
      helloOk: true,
      ismaster: true,
      isWritablePrimary: true,
      setName: 'clew',
      hosts: [me],
      primary: me,
      me,
      maxBsonObjectSize: 16_777_216,
      maxMessageSizeBytes: 48_000_000,
      maxWriteBatchSize: 100_000,
      logicalSessionTimeoutMinutes: 30,
      connectionId,
      minWireVersion: 0,
      maxWireVersion: 21,
      ok: 1,
    };
  }
}
