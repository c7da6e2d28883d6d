import { type AnyFunction, aws, handlerPlace } from '@clew/core/plugin';
import type { LambdaTools } from './options.ts';
import { watchStreamedResponses } from './streamed-status.ts';
import { traced } from './trace-handler.ts';

/** Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime */
export const HANDLER = { folder: 'LAMBDA_TASK_ROOT', name: '_HANDLER' } as const;

/** Replaces the function that the runtime calls in the exports of its file. */
export function patchHandler(moduleExports: unknown, tools: LambdaTools): void {
  const path = handlerPlace(HANDLER)?.path ?? [];
  const name = path.at(-1);
  if (name === undefined) return;
  // The runtime looks in the default export of an ES module if the module has no export with this name.
  const holders = [moduleExports, memberOf(moduleExports, 'default')].map((each) =>
    path.slice(0, -1).reduce(memberOf, each),
  );
  const holder = holders.find((each) => typeof memberOf(each, name) === 'function');
  if (holder === undefined) return;
  watchStreamedResponses(tools);
  tools.wrap(holder as object, name, (handler: AnyFunction) =>
    traced(
      handler,
      () => tools.options,
      () => tools.tracer,
    ),
  );
}

function memberOf(value: unknown, name: string): unknown {
  const hasMembers = aws.isRecord(value) || typeof value === 'function';
  return hasMembers ? Reflect.get(value, name) : undefined;
}
