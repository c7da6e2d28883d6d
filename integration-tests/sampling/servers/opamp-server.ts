// An OpAMP server over HTTP. It encodes and decodes with another implementation of Protocol Buffers than Clew's.
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { create, type DescMessage, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type HttpServer, startHttpServer } from './http-server.ts';

// The client's package has no declarations for its messages.
const schemas: Record<'AgentToServerSchema' | 'ServerToAgentSchema', DescMessage> =
  require('@elastic/opamp-client-node/lib/generated/opamp_pb.js');

/** A message of an agent. */
export interface AgentMessage {
  readonly instanceUid: Uint8Array;
  readonly sequenceNum: bigint;
  readonly capabilities: bigint;
  readonly agentDescription?: {
    readonly identifyingAttributes: readonly { key: string; value?: { value: { value: unknown } } }[];
  };
  readonly remoteConfigStatus?: {
    readonly lastRemoteConfigHash: Uint8Array;
    /** 0 unset, 1 applied, 3 failed. */
    readonly status: number;
    readonly errorMessage: string;
  };
  readonly agentDisconnect?: object;
}

/** A response, with the fields of the message `ServerToAgent`. */
export interface ServerMessage {
  instanceUid: Uint8Array;
  flags: bigint;
  capabilities: bigint;
  remoteConfig?: object;
  errorResponse?: object;
  agentIdentification?: object;
}

/** A configuration file. */
export interface OfferedFile {
  readonly body: string;
  readonly contentType?: string;
}

/** A running OpAMP server. */
export interface OpampServer extends HttpServer {
  readonly url: string;
  /** The messages of all agents. */
  readonly messages: AgentMessage[];
  /** Offers a configuration to agents that have not reported its hash. */
  offer(files: Readonly<Record<string, OfferedFile>>): void;
  /** Changes each response before it is sent. */
  change(edit: ((response: ServerMessage) => void) | undefined): void;
  /** Sends this instead of messages, with the content type of messages; `undefined` sends messages again. */
  sendRaw(bytes: Buffer | undefined): void;
  /** Forgets all agents, as after a restart. */
  forget(): void;
  /** Resolves when a message fits. */
  when(fits: (message: AgentMessage) => boolean): Promise<AgentMessage>;
}

const REPORT_FULL_STATE = 1n;

export async function startOpampServer(): Promise<OpampServer> {
  const received: AgentMessage[] = [];
  const agents = new Map<string, { sequence: bigint; hash: string }>();
  let waiting: { fits: (message: AgentMessage) => boolean; resolve: (message: AgentMessage) => void }[] = [];
  let offered: { files: Readonly<Record<string, OfferedFile>>; hash: Buffer } | undefined;
  let edit: ((response: ServerMessage) => void) | undefined;
  let raw: Buffer | undefined;

  const respond = (message: AgentMessage): ServerMessage => {
    const uid = Buffer.from(message.instanceUid).toString('hex');
    const known = agents.get(uid);
    const isGap = message.agentDescription === undefined && known?.sequence !== message.sequenceNum - 1n;
    const reported = message.remoteConfigStatus?.lastRemoteConfigHash;
    const hash = reported === undefined ? (known?.hash ?? '') : Buffer.from(reported).toString('hex');
    if (message.agentDisconnect === undefined) agents.set(uid, { sequence: message.sequenceNum, hash });
    else agents.delete(uid);
    const response: ServerMessage = {
      instanceUid: message.instanceUid,
      flags: isGap ? REPORT_FULL_STATE : 0n,
      capabilities: 3n,
    };
    if (offered !== undefined && offered.hash.toString('hex') !== hash) {
      const configMap = Object.fromEntries(
        Object.entries(offered.files).map(([name, { body, contentType = '' }]) => [
          name,
          { body: Buffer.from(body), contentType },
        ]),
      );
      response.remoteConfig = { config: { configMap }, configHash: offered.hash };
    }
    edit?.(response);
    return response;
  };

  const server = await startHttpServer(({ headers, body, path }, response) => {
    if (path !== '/v1/opamp' || headers['content-type'] !== 'application/x-protobuf') {
      response.writeHead(415).end();
      return;
    }
    const sent = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    const message = fromBinary(schemas.AgentToServerSchema, sent) as unknown as AgentMessage;
    received.push(message);
    const bytes = raw ?? encode(respond(message));
    const isGzipped = /\bgzip\b/.test(String(headers['accept-encoding']));
    response.writeHead(200, {
      'content-type': 'application/x-protobuf',
      ...(isGzipped && { 'content-encoding': 'gzip' }),
    });
    response.end(isGzipped ? gzipSync(bytes) : bytes);
    waiting = waiting.filter(({ fits, resolve }) => {
      if (!fits(message)) return true;
      resolve(message);
      return false;
    });
  });
  return {
    ...server,
    url: `${server.origin}/v1/opamp`,
    messages: received,
    offer: (files) => {
      offered = { files, hash: createHash('sha256').update(JSON.stringify(files)).digest() };
    },
    change: (next) => {
      edit = next;
    },
    sendRaw: (bytes) => {
      raw = bytes;
    },
    forget: () => agents.clear(),
    when: (fits) => {
      const found = received.find(fits);
      return found === undefined
        ? new Promise((resolve) => waiting.push({ fits, resolve }))
        : Promise.resolve(found);
    },
  };
}

function encode(response: ServerMessage): Uint8Array {
  const message = create(schemas.ServerToAgentSchema, response as never);
  return toBinary(schemas.ServerToAgentSchema, message);
}
