import type { OrmSpan } from './orm-project.ts';

/** The statements of an ORM, as its spans have them. */
export interface Statements {
  readonly table?: string;
  /** `SELECT songs` by its id. */
  readonly find: string;
  readonly insert: string;
  /** The rows that the insert returns, if the ORM asks for them. */
  readonly insertedRows?: number;
  /** A query by which the ORM reads a row that it has inserted. */
  readonly refresh?: string;
  /** A query of the table `nothing`, which does not exist. */
  readonly missing: string;
  readonly begin: string;
  readonly commit: string;
  readonly rollback: string;
  /** Whether a transaction has a span. */
  readonly hasTransactionSpan?: boolean;
  /** What the application's error of a duplicate key is recorded as on the span of the transaction. */
  readonly failedTransaction?: string;
  /** The queries with which the ORM sets up a connection, at any time. */
  readonly setUp?: RegExp;
}

interface Failures {
  readonly missing: string;
  readonly duplicate: string;
}

export const FAILURES: Readonly<Record<'pg' | 'mysql2', Failures>> = {
  pg: {
    missing: 'error 42P01: relation "nothing" does not exist',
    duplicate: 'error 23505: duplicate key value violates unique constraint "songs_pkey"',
  },
  mysql2: {
    missing: "error 1146: Table 'test.nothing' doesn't exist",
    duplicate: "error 1062: Duplicate entry '?' for key 'PRIMARY'",
  },
};

const REQUESTS_AT_ONCE = 30;

/** The spans below each request of `requests.mjs`, in the form of {@link requestsOf}. */
export function expectedRequests(statements: Statements, failures: Failures): Record<string, string[]> {
  const { table = 'songs', insertedRows, refresh } = statements;
  const find = (rows: number) => `CLIENT SELECT ${table} | ${statements.find} | on ${table} | ${rows} rows`;
  const insertion = `CLIENT INSERT ${table} | ${statements.insert} | on ${table}`;
  const insert = [
    insertedRows === undefined ? insertion : `${insertion} | ${insertedRows} rows`,
    ...(refresh === undefined ? [] : [`CLIENT SELECT ${table} | ${refresh} | on ${table} | 1 rows`]),
  ];
  const duplicate = `${insertion} | ${failures.duplicate}`;
  const plain = (statement: string) => `CLIENT ${statement.split(/\W/)[0]?.toUpperCase()} | ${statement}`;
  const transaction = (failure: string | undefined, ...inside: string[]) => {
    const end = plain(failure === undefined ? statements.commit : statements.rollback);
    const lines = [plain(statements.begin), ...inside, end];
    if (!statements.hasTransactionSpan) return lines;
    const span = failure === undefined ? 'INTERNAL transaction' : `INTERNAL transaction | error ${failure}`;
    return [span, ...lines.map((line) => `  ${line}`)];
  };
  const committed = transaction(undefined, ...insert, find(1));
  const rolledBack = transaction('RolledBack', ...insert);
  const failed = transaction(
    statements.failedTransaction ?? failures.duplicate.split(/[ :]/)[1],
    find(1),
    duplicate,
  );

  const requests: Record<string, string[]> = {};
  for (const size of [1, 5]) {
    Object.assign(requests, {
      [`${size} open`]: [],
      [`${size} warm up`]: Array.from({ length: size }, () => find(0)),
      [`${size} find`]: [find(1)],
      [`${size} missing table`]: [
        `CLIENT SELECT nothing | ${statements.missing} | on nothing | ${failures.missing}`,
      ],
      [`${size} duplicate key`]: [duplicate],
      [`${size} commit`]: committed,
      [`${size} roll back`]: rolledBack,
      [`${size} failed transaction`]: failed,
    });
    for (let index = 0; index < REQUESTS_AT_ONCE; index++) {
      const rest = [[find(0)], [...committed, find(1)], rolledBack][index % 3] ?? [];
      requests[`${size} at once ${index}`] = [find(1), ...rest];
    }
  }
  return requests;
}

/**
 * The spans below each root span, in the order of their start. Two requests of the same name, and a query outside of all
 * requests, have a name that is not expected.
 */
export function requestsOf(spans: readonly OrmSpan[], setUp?: RegExp): Record<string, string[]> {
  const requests: Record<string, string[]> = {};
  const inOrder = [...spans].sort((a, b) => (a.startTimeUnixNano < b.startTimeUnixNano ? -1 : 1));
  const below = ({ spanId }: OrmSpan, indent: string): string[] =>
    inOrder
      .filter(({ parentSpanId, attributes }) => {
        const text = attributes['db.query.text'];
        return parentSpanId === spanId && !(typeof text === 'string' && setUp?.test(text));
      })
      .flatMap((span) => [`${indent}${lineOf(span)}`, ...below(span, `${indent}  `)]);
  for (const span of inOrder) {
    if (span.parentSpanId !== undefined) continue;
    const name = span.name in requests ? `${span.name} again` : span.name;
    requests[name] = below(span, '');
  }
  return requests;
}

function lineOf({ kind, name, attributes, events, status }: OrmSpan): string {
  const {
    'db.query.text': text,
    'db.collection.name': collection,
    'db.response.returned_rows': rows,
    'db.namespace': database,
  } = attributes;
  const parts = [`${kind} ${name}`];
  if (text !== undefined) parts.push(String(text));
  if (collection !== undefined) parts.push(`on ${collection}`);
  if (rows !== undefined) parts.push(`${rows} rows`);
  if (status.code === 'ERROR') {
    const code = attributes['db.response.status_code'] ?? attributes['error.type'];
    const messages = events.map((event) => String(event.attributes['exception.message']));
    parts.push([`error ${code}`, ...messages].join(': ').replace(`${database}.`, 'test.'));
  }
  return parts.join(' | ');
}
