import { type BoundValues, db, type QueryOperation } from '@clew/core/plugin';
import { boundValues, type Method, RUNS, rowsOf, type SqliteTools, type Statement } from './sqlite.ts';
import { traceIteration } from './trace-iteration.ts';

/** Starts the span of a statement. */
export function startStatement(
  tools: SqliteTools,
  describe: () => Statement,
  values: () => BoundValues | undefined = () => undefined,
): QueryOperation | undefined {
  return db.startQuery(tools, () => {
    const { sql, path: namespace } = describe();
    return { sql, values: values(), database: { system: 'sqlite', namespace } };
  });
}

/** Patches the methods that run a prepared statement. */
export function patchRuns(
  tools: SqliteTools,
  prototype: object,
  statementOf: (statement: object, args: readonly unknown[]) => Statement,
): void {
  for (const name of RUNS) {
    tools.wrap<Method>(
      prototype,
      name,
      (run) =>
        function (...args) {
          const operation = startStatement(
            tools,
            () => statementOf(this, args),
            () => boundValues(args),
          );
          if (operation === undefined) return Reflect.apply(run, this, args);
          const result = operation.run(() => Reflect.apply(run, this, args));
          if (name === 'iterate') return traceIteration(operation, result as Iterator<unknown>);
          operation.rows(rowsOf(name, result));
          operation.end();
          return result;
        },
    );
  }
}

/** Patches a method whose first argument is a statement that is run at once. */
export function patchExec(
  tools: SqliteTools,
  prototype: object,
  pathOf: (database: object) => string | undefined,
): void {
  tools.wrap<Method>(
    prototype,
    'exec',
    (exec) =>
      function (...args) {
        const operation = startStatement(tools, () => ({ sql: textOf(args[0]), path: pathOf(this) }));
        if (operation === undefined) return Reflect.apply(exec, this, args);
        const result = operation.run(() => Reflect.apply(exec, this, args));
        operation.end();
        return result;
      },
  );
}

/** Patches `prepare`. A statement that can't be prepared never runs: that is a span with the error. */
export function patchPrepare(
  tools: SqliteTools,
  prototype: object,
  pathOf: (database: object) => string | undefined,
  onPrepared: (statement: object, database: object, sql: string | undefined) => void,
): void {
  tools.wrap<Method>(
    prototype,
    'prepare',
    (prepare) =>
      function (...args) {
        let statement: unknown;
        try {
          statement = Reflect.apply(prepare, this, args);
        } catch (error) {
          const operation = startStatement(tools, () => ({ sql: textOf(args[0]), path: pathOf(this) }));
          operation?.fail(error);
          operation?.end();
          throw error;
        }
        onPrepared(statement as object, this, textOf(args[0]));
        return statement;
      },
  );
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
