import { defineInstrumentation, guard, type LogOptions, logs, type Tools } from '@clew/core/plugin';
import { loggerPrototype, type Winston, type Write } from './winston.ts';
import { withFields } from './with-fields.ts';

declare const __VERSION__: string;

/** Adds the ids of the current span to the records of winston, before its formats read them. */
export const WinstonInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-winston',
  version: __VERSION__,
  options: logs.options,
  targets: [{ module: 'winston', versions: ['>=3 <4'], patch }],
});

export type WinstonInstrumentation = InstanceType<typeof WinstonInstrumentation>;

function patch(moduleExports: unknown, tools: Tools<LogOptions>): void {
  const activity = `${tools.name}: adding fields to a record`;
  tools.wrap<Write>(
    loggerPrototype(moduleExports as Winston),
    'write',
    (write) =>
      function (...args) {
        const [record, ...rest] = args;
        if (this.silent || typeof record !== 'object' || record === null) return write.apply(this, args);
        const extended = guard(activity, () => withFields(record, logs.currentFields(tools)));
        return write.call(this, extended ?? record, ...rest);
      },
  );
}
