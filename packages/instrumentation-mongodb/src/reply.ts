import type { QueryOperation } from '@clew/core/plugin';

type Fields = Readonly<Record<string, unknown>>;

/** A reply that the driver has not parsed yet, from mongodb 6.6 on. */
interface UnparsedReply {
  has(field: string): boolean;
  toObject(): Fields;
}

/** The codes of frequent write errors, for which the server sends no name. */
const CODE_NAMES: Readonly<Record<number, string>> = {
  121: 'DocumentValidationFailure',
  11000: 'DuplicateKey',
};

/** Commands whose first batch consists of results for the driver. */
const WITHOUT_ROWS = new Set(['bulkWrite', 'explain']);

/**
 * Records the number of documents in a reply, and a write that failed: the server replies to it as to a successful one,
 * and the driver throws the error later.
 */
export function describeReply(operation: QueryOperation, name: string, reply: unknown): void {
  if (typeof reply !== 'object' || reply === null) return;
  if (!WITHOUT_ROWS.has(name)) operation.rows(documentsIn(reply));
  const failed = failedWrite(fieldsOf(reply, name));
  if (failed !== undefined) operation.fail(failed);
}

function documentsIn(reply: object): unknown {
  if (isUnparsed(reply)) return (reply as { readonly batchSize?: unknown }).batchSize;
  const { cursor, values } = reply as Fields;
  const { firstBatch, nextBatch } = (cursor ?? {}) as Fields;
  const documents = firstBatch ?? nextBatch ?? values;
  return Array.isArray(documents) ? documents.length : undefined;
}

/** A reply is parsed here only if it has the error of a write. */
function fieldsOf(reply: object, name: string): Fields {
  if (!isUnparsed(reply)) return reply as Fields;
  const hasError = reply.has('writeErrors') || reply.has('writeConcernError') || name === 'bulkWrite';
  return hasError ? reply.toObject() : {};
}

function failedWrite({ writeErrors, writeConcernError, nErrors, cursor }: Fields): object | undefined {
  const [first]: unknown[] = Array.isArray(writeErrors) ? writeErrors : [];
  if (first !== undefined) return errorOf('MongoServerError', first as Fields);
  if (typeof writeConcernError === 'object' && writeConcernError !== null)
    return errorOf('MongoWriteConcernError', writeConcernError as Fields);
  if (typeof nErrors !== 'number' || nErrors === 0) return undefined;
  const { firstBatch } = (cursor ?? {}) as { readonly firstBatch?: readonly Fields[] };
  return errorOf('MongoServerError', firstBatch?.find(({ ok }) => ok === 0) ?? {});
}

function errorOf(name: string, { code, codeName, errmsg }: Fields): object {
  return {
    name,
    code,
    codeName: codeName ?? CODE_NAMES[code as number],
    message: typeof errmsg === 'string' ? errmsg : 'a write failed',
  };
}

function isUnparsed(reply: object): reply is UnparsedReply {
  return typeof (reply as Partial<UnparsedReply>).toObject === 'function' && 'has' in reply;
}
