import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { originals } from '@clew/core/internal';
import { bytesOf, numberOf, readFields, writeField } from './protobuf.ts';

/** A message of the agent. Fields that are `undefined` have not changed since the last message. */
export interface AgentToServer {
  readonly instanceUid: Buffer;
  /** 1 for the first message, and 1 more for each. */
  readonly sequenceNumber: number;
  /** Attributes that identify the agent. */
  readonly description?: Readonly<Record<string, string>> | undefined;
  readonly configStatus?: RemoteConfigStatus | undefined;
  /** Whether this is the last message. */
  readonly isLast?: boolean;
}

/** Whether the last configuration was applied. */
export interface RemoteConfigStatus {
  readonly hash: Buffer;
  readonly status: 'UNSET' | 'APPLIED' | 'FAILED';
  readonly errorMessage: string;
}

/** A message of the server. */
export interface ServerToAgent {
  readonly instanceUid: Buffer | undefined;
  readonly error: { readonly message: string; readonly retryAfterMs: number | undefined } | undefined;
  readonly config: RemoteConfig | undefined;
  /** Whether the next message must be complete. */
  readonly wantsFullState: boolean;
  /** The identifier to use from now on. */
  readonly newInstanceUid: Buffer | undefined;
}

/** Configuration files by their names. */
export interface RemoteConfig {
  readonly hash: Buffer;
  readonly files: ReadonlyMap<string, { readonly body: string; readonly contentType: string }>;
}

/** ReportsStatus, which all agents must have, AcceptsRemoteConfig and ReportsRemoteConfig. */
const CAPABILITIES = 0x1 | 0x2 | 0x1000;
const STATUSES = { UNSET: 0, APPLIED: 1, FAILED: 3 } as const;
const UID_BYTES = 16;

/** @see https://github.com/open-telemetry/opamp-spec/blob/main/proto/opamp/v1/opamp.proto */
export function encodeAgentToServer(message: AgentToServer): Buffer {
  const { instanceUid, sequenceNumber, description, configStatus, isLast } = message;
  const parts = [writeField(1, instanceUid), writeField(2, sequenceNumber), writeField(4, CAPABILITIES)];
  if (description !== undefined) {
    const attributes = Object.entries(description).map(([key, value]) =>
      writeField(1, Buffer.concat([writeField(1, key), writeField(2, writeField(1, value))])),
    );
    parts.push(writeField(3, Buffer.concat(attributes)));
  }
  if (configStatus !== undefined) {
    const { hash, status, errorMessage } = configStatus;
    const fields = [writeField(1, hash), writeField(2, STATUSES[status]), writeField(3, errorMessage)];
    parts.push(writeField(7, Buffer.concat(fields)));
  }
  if (isLast === true) parts.push(writeField(9, ''));
  return Buffer.concat(parts);
}

/**
 * Reads a message of the server.
 *
 * @throws RangeError or TypeError for an invalid message
 */
export function decodeServerToAgent(bytes: Buffer): ServerToAgent {
  const fields = readFields(bytes);
  const config = bytesOf(fields, 3);
  const error = bytesOf(fields, 2);
  const identification = bytesOf(fields, 8);
  const newInstanceUid = identification && bytesOf(readFields(identification), 1);
  return {
    instanceUid: bytesOf(fields, 1),
    error: error && decodeError(error),
    config: config && decodeConfig(config),
    wantsFullState: numberOf(fields, 6) % 2 === 1,
    newInstanceUid: newInstanceUid?.length === UID_BYTES ? Buffer.from(newInstanceUid) : undefined,
  };
}

/**
 * A UUID of version 7, by which servers can sort agents by the time of their start.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7
 */
export function createInstanceUid(): Buffer {
  const uid = randomBytes(UID_BYTES);
  uid.writeUIntBE(originals.wallNow(), 0, 6);
  uid[6] = (uid[6]! & 0x0f) | 0x70;
  uid[8] = (uid[8]! & 0x3f) | 0x80;
  return uid;
}

/** The text of a UUID: `f81d4fae-7dec-11d0-a765-00a0c91e6bf6`. */
export function uidText(uid: Buffer): string {
  return uid.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function decodeError(bytes: Buffer): ServerToAgent['error'] {
  const fields = readFields(bytes);
  const retry = bytesOf(fields, 3);
  const nanoseconds = retry === undefined ? 0 : numberOf(readFields(retry), 1);
  const message = bytesOf(fields, 2)?.toString() ?? '';
  return { message, retryAfterMs: nanoseconds > 0 ? nanoseconds / 1e6 : undefined };
}

function decodeConfig(bytes: Buffer): RemoteConfig {
  const fields = readFields(bytes);
  const files = new Map<string, { body: string; contentType: string }>();
  for (const { number, value } of readFields(bytesOf(fields, 1) ?? Buffer.alloc(0))) {
    if (number !== 1 || typeof value === 'number') continue;
    const entry = readFields(value);
    const file = readFields(bytesOf(entry, 2) ?? Buffer.alloc(0));
    const text = (field: number) => bytesOf(file, field)?.toString() ?? '';
    files.set(bytesOf(entry, 1)?.toString() ?? '', { body: text(1), contentType: text(2) });
  }
  return { hash: Buffer.from(bytesOf(fields, 2) ?? Buffer.alloc(0)), files };
}
