import { defineInstrumentation, guard, type LogOptions, logs, type Tools } from '@clew/core/plugin';
import { addFields } from './add-fields.ts';
import { type AsJson, type Pino, prototypeWith } from './pino.ts';

declare const __VERSION__: string;

/**
 * Adds the ids of the current span to the records of pino. Its tracing channel is not used: see the README.
 */
export const PinoInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-pino',
  version: __VERSION__,
  options: logs.options,
  targets: [{ module: 'pino', versions: ['>=6 <11'], patch }],
});

export type PinoInstrumentation = InstanceType<typeof PinoInstrumentation>;

function patch(moduleExports: unknown, tools: Tools<LogOptions>): void {
  const pino = moduleExports as Pino;
  const { asJsonSym, endSym } = pino.symbols;
  const activity = `${tools.name}: adding fields to a record`;
  tools.wrap<AsJson>(
    prototypeWith(asJsonSym, pino),
    asJsonSym,
    (asJson) =>
      function (...args) {
        const line = asJson.apply(this, args);
        return guard(activity, () => addFields(line, this[endSym], tools)) ?? line;
      },
  );
}
