import { type DbCommand, remembered } from '@clew/core/plugin';
import { textOf } from './command-text.ts';
import type { CommandDocument, CommandOptions, Connection } from './mongodb.ts';

/** Commands of the driver itself: handshake, heartbeat, authentication, and the end of its sessions. */
const INTERNAL = new Set([
  'authenticate',
  'endSessions',
  'getnonce',
  'hello',
  'isMaster',
  'ismaster',
  'saslContinue',
  'saslStart',
]);

/** Commands whose first value is the name of a collection. Others have a number there, or a name of a user or a role. */
const OF_COLLECTIONS = new Set([
  'aggregate',
  'collMod',
  'collStats',
  'compact',
  'convertToCapped',
  'count',
  'create',
  'createIndexes',
  'createSearchIndexes',
  'delete',
  'distinct',
  'drop',
  'dropIndexes',
  'dropSearchIndex',
  'find',
  'findAndModify',
  'insert',
  'killCursors',
  'listIndexes',
  'mapReduce',
  'update',
  'updateSearchIndex',
  'validate',
]);

/** The members with the parts of a batch. */
const BATCHES: Readonly<Record<string, string>> = {
  bulkWrite: 'ops',
  delete: 'deletes',
  insert: 'documents',
  update: 'updates',
};

/** The name of a command that is traced; `undefined` for one of the driver itself. */
export function tracedName(
  connection: Connection,
  command: CommandDocument,
  options: CommandOptions | undefined,
): string | undefined {
  if (connection.established === false) return undefined;
  const name = nameOf(command);
  if (name === undefined || INTERNAL.has(name)) return undefined;
  // It lasts until another client writes a document.
  if (name === 'getMore' && options?.tailable === true && options.awaitData === true) return undefined;
  return name;
}

/** Describes a command. `maxTextChars` is the length at which its text may end; `undefined` without text. */
export function describeCommand(
  name: string,
  command: CommandDocument,
  namespace: string,
  maxTextChars: number | undefined,
): DbCommand {
  const collection = collectionOf(name, command);
  if (maxTextChars === undefined) return sharedCommand([namespace, name, collection].join('\0'));
  return { operation: name, collection, text: textOf(command, collection, maxTextChars) };
}

/** The number of documents, updates or deletes that a command writes; 1 for any other command. */
export function batchSizeOf(name: string, command: CommandDocument): number {
  const member = BATCHES[name];
  const batch = member === undefined ? undefined : command[member];
  if (Array.isArray(batch)) return batch.length;
  // A sequence of documents outside of the command, which the driver has serialized already.
  const documents = (batch as { readonly documents?: unknown } | undefined)?.documents;
  return Array.isArray(documents) ? documents.length : 1;
}

function nameOf(command: CommandDocument): string | undefined {
  for (const name in command) return name;
  return undefined;
}

function collectionOf(name: string, command: CommandDocument): string | undefined {
  const collection = name === 'getMore' ? command.collection : OF_COLLECTIONS.has(name) && command[name];
  return typeof collection === 'string' ? collection : undefined;
}

/** All commands of a name and a collection share their attributes. */
const sharedCommand = remembered((key: string): DbCommand => {
  const [, operation = '', collection] = key.split('\0');
  return { operation, collection: collection || undefined };
});
