// Code of a user of a plugin without types: it declares the plugin itself.
import type { InstrumentationClass, OptionKinds } from '@clew/core/plugin';
import { init } from '@clew/node';

declare module '@clew/core/plugin-classes' {
  interface PluginClasses {
    'clew-instrumentation-old': InstrumentationClass<OptionKinds>;
  }
}

init({ plugins: { old: { anything: 1 }, express: { layers: 'slow' } } });

// @ts-expect-error the name of a plugin is misspelt
init({ plugins: { odl: { anything: 1 } } });
