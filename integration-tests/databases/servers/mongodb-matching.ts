import { isDeepStrictEqual } from 'node:util';
import { type Document, EJSON } from 'bson';

/** An error of the server, as it is sent in a reply. */
export class CommandError extends Error {
  readonly reply: Document;

  constructor(code: number, codeName: string, errmsg: string) {
    super(errmsg);
    this.reply = { ok: 0, errmsg, code, codeName };
  }
}

type Compare = (value: unknown, wanted: never) => boolean;

const OPERATORS: Readonly<Record<string, Compare>> = {
  $eq: (value, wanted) => isSame(value, wanted),
  $ne: (value, wanted) => !isSame(value, wanted),
  $gt: (value, wanted) => (value as number) > wanted,
  $gte: (value, wanted) => (value as number) >= wanted,
  $lt: (value, wanted) => (value as number) < wanted,
  $lte: (value, wanted) => (value as number) <= wanted,
  $in: (value, wanted: readonly unknown[]) => wanted.some((each) => isSame(value, each)),
  $exists: (value, wanted) => (value !== undefined) === wanted,
};

/** Whether a document matches a filter; the operators are those that the tests use. */
export function matches(document: Document, filter: Document = {}): boolean {
  return Object.entries(filter).every(([key, wanted]) => {
    if (key === '$and') return (wanted as Document[]).every((each) => matches(document, each));
    if (key === '$or') return (wanted as Document[]).some((each) => matches(document, each));
    const value: unknown = document[key];
    const operators = Object.entries((wanted ?? {}) as Document);
    if (!operators.some(([name]) => name.startsWith('$'))) return isSame(value, wanted);
    return operators.every(([name, operand]) => operatorOf(name)(value, operand as never));
  });
}

function operatorOf(name: string): Compare {
  const operator = OPERATORS[name];
  if (operator === undefined) throw new Error(`unknown operator: ${name}`);
  return operator;
}

function isSame(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(EJSON.serialize({ value: one }), EJSON.serialize({ value: other }));
}

/** Returns the document after an update. */
export function updated(document: Document, update: Document): Document {
  if (!Object.keys(update).some((key) => key.startsWith('$'))) return { _id: document._id, ...update };
  const result = { ...document, ...(update.$set as Document | undefined) };
  for (const [key, value] of Object.entries((update.$inc ?? {}) as Record<string, number>))
    result[key] = ((result[key] as number | undefined) ?? 0) + value;
  for (const key of Object.keys((update.$unset ?? {}) as Document)) delete result[key];
  return result;
}

/** Runs a pipeline of stages. */
export function aggregated(documents: readonly Document[], pipeline: readonly Document[]): Document[] {
  return pipeline.reduce<Document[]>(
    (found, stage) => {
      if (stage.$match !== undefined) return found.filter((each) => matches(each, stage.$match as Document));
      if (stage.$limit !== undefined) return found.slice(0, stage.$limit as number);
      if (stage.$skip !== undefined) return found.slice(stage.$skip as number);
      // The stage of `countDocuments`.
      if (stage.$group !== undefined) return found.length === 0 ? [] : [{ _id: 1, n: found.length }];
      const errmsg = `Unrecognized pipeline stage name: '${Object.keys(stage)[0]}'`;
      throw new CommandError(40_324, 'Location40324', errmsg);
    },
    [...documents],
  );
}
