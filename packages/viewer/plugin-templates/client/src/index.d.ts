import type { client, InstrumentationClass } from '@clew/core/plugin';

/** Traces __library__. */
export declare const __Name__Instrumentation: InstrumentationClass<typeof client.options>;

// For `init({ plugins: { '__name__': { … } } })` of @clew/node.
declare module '@clew/core/plugin-classes' {
  interface PluginClasses {
    'clew-instrumentation-__name__': typeof __Name__Instrumentation;
  }
}
