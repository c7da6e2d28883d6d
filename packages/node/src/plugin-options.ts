import { type OptionKind, type OptionKinds, resolveOptions } from '@clew/core';
import type { InstalledPlugin } from './discovery.ts';
import type { Environment } from './environment.ts';
import type { PluginOptions } from './init-options.ts';

/** Which of the installed plugins are wanted: `OTEL_NODE_ENABLED_INSTRUMENTATIONS`, `OTEL_NODE_DISABLED_INSTRUMENTATIONS`, `plugins: { koa: false }`. */
export function wantedPlugins(
  installed: readonly InstalledPlugin[],
  given: PluginOptions,
  environment: Environment,
): InstalledPlugin[] {
  const enabled = environment.list('OTEL_NODE_ENABLED_INSTRUMENTATIONS');
  const disabled = environment.list('OTEL_NODE_DISABLED_INSTRUMENTATIONS') ?? [];
  return installed.filter(
    ({ shortName }) =>
      given[shortName] !== false && !disabled.includes(shortName) && (enabled?.includes(shortName) ?? true),
  );
}

/** Throws for options of a plugin that is not installed: a name that nobody reads is a mistake. */
export function expectInstalled(installed: readonly InstalledPlugin[], given: PluginOptions): void {
  for (const name of Object.keys(given)) {
    if (installed.some(({ shortName }) => shortName === name)) continue;
    const known = installed.map(({ shortName }) => shortName).join(', ') || 'none';
    throw new TypeError(`@clew/node: expected plugins.${name} to be an installed plugin (${known})`);
  }
}

/** The options of one plugin: given ones over `CLEW_<PLUGIN>_<OPTION>`. */
export function optionsOf(
  plugin: InstalledPlugin,
  kinds: OptionKinds,
  given: PluginOptions,
  environment: Environment,
): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  const prefix = `CLEW_${upperSnake(plugin.shortName)}_`;
  for (const [rest, text] of environment.under(prefix)) {
    const name = Object.keys(kinds).find((each) => upperSnake(each) === rest);
    const kind: OptionKind<unknown> | undefined = name === undefined ? undefined : kinds[name];
    if (name === undefined || kind?.read === undefined) {
      environment.warn(prefix + rest, `an option of ${plugin.name}`, text);
      continue;
    }
    const value = kind.read(text);
    if (kind.accepts(value)) options[name] = value;
    else environment.warn(prefix + rest, kind.expected, text);
  }
  const merged = { ...options, ...given[plugin.shortName] };
  resolveOptions(plugin.name, kinds, merged);
  return merged;
}

/** `slowLayerMs` → `SLOW_LAYER_MS`, `aws-sdk` → `AWS_SDK`. */
export function upperSnake(name: string): string {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toUpperCase();
}
