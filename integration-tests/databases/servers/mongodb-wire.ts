import { type Document, deserialize, serialize } from 'bson';

/** A command that a driver sent. */
export interface Request {
  readonly id: number;
  readonly command: Document;
  /** Whether the driver wants no reply: an unacknowledged write. */
  readonly moreToCome: boolean;
  /** Whether it came in the older message OP_QUERY, which drivers use for the handshake. */
  readonly isQuery: boolean;
}

const HEADER_BYTES = 16;
const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const MORE_TO_COME = 2;

/** Reads the first message of the buffer; `undefined` if it is not complete. */
export function readRequest(
  buffer: Buffer,
): { readonly request: Request; readonly rest: Buffer } | undefined {
  if (buffer.length < HEADER_BYTES) return undefined;
  const length = buffer.readInt32LE(0);
  if (buffer.length < length) return undefined;
  const body = buffer.subarray(HEADER_BYTES, length);
  const [id, opCode] = [buffer.readInt32LE(4), buffer.readInt32LE(12)];
  if (opCode !== OP_MSG && opCode !== OP_QUERY) throw new Error(`unexpected message ${opCode}`);
  const request = opCode === OP_MSG ? readMessage(id, body) : readQuery(id, body);
  return { request, rest: buffer.subarray(length) };
}

function readMessage(id: number, body: Buffer): Request {
  const command: Document = {};
  let at = 4;
  while (at < body.length) {
    const kind = body.readUInt8(at);
    const size = body.readInt32LE(at + 1);
    const section = body.subarray(at + 1, at + 1 + size);
    if (kind === 0) Object.assign(command, deserialize(section), { ...command });
    else Object.assign(command, readSequence(section));
    at += 1 + size;
  }
  return { id, command, moreToCome: (body.readInt32LE(0) & MORE_TO_COME) !== 0, isQuery: false };
}

/** A sequence of documents outside of the command: `documents`, `updates`, `deletes`. */
function readSequence(section: Buffer): Document {
  const nameEnd = section.indexOf(0, 4);
  const documents: Document[] = [];
  for (let at = nameEnd + 1; at < section.length; at += section.readInt32LE(at))
    documents.push(deserialize(section.subarray(at, at + section.readInt32LE(at))));
  return { [section.toString('utf8', 4, nameEnd)]: documents };
}

function readQuery(id: number, body: Buffer): Request {
  const start = body.indexOf(0, 4) + 1 + 8;
  return { id, command: deserialize(body.subarray(start)), moreToCome: false, isQuery: true };
}

/** The bytes of the reply to a request. */
export function replyTo({ id, isQuery }: Request, reply: Document): Buffer {
  const document = Buffer.from(serialize(reply));
  const prefix = Buffer.alloc(isQuery ? 20 : 5);
  if (isQuery) prefix.writeInt32LE(1, 16);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeInt32LE(HEADER_BYTES + prefix.length + document.length, 0);
  header.writeInt32LE(id, 8);
  header.writeInt32LE(isQuery ? OP_REPLY : OP_MSG, 12);
  return Buffer.concat([header, prefix, document]);
}
