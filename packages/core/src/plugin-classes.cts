/**
 * The classes of plugins by the name of their package. Each plugin adds its own, so that TypeScript checks its options in
 * `init({ plugins })`. A CommonJS file, because its types are the same for `import` and `require`.
 *
 * @example
 * declare module '@clew/core/plugin-classes' {
 *   interface PluginClasses {
 *     'clew-instrumentation-tinydb': typeof TinydbInstrumentation;
 *   }
 * }
 */
// biome-ignore lint/suspicious/noEmptyInterface: plugins add to it.
export interface PluginClasses {}
